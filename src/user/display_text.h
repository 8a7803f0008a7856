// Texts of a host as a person may see them. A relying party chooses its names, so they must not be able to
// move the cursor, turn the writing direction, hide letters or push the question off the screen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fauxkey::user {

/// Which end of a long text is left out.
enum class Shorten : std::uint8_t {
  end,    ///< "a long na…": what people's names need
  start,  ///< "…login.example.com": a domain's owner stands at its end (CTAP 2.3, 6.8.7)
};

/// `text` with control, format, direction, invisible and private-use characters as \u{202E}, bytes that are
/// no UTF-8 as \xFF and a backslash as \\; of at most `max_characters` characters, what is left out standing
/// as "…".
[[nodiscard]] std::string display_text(std::string_view text, std::size_t max_characters, Shorten shorten);

}  // namespace fauxkey::user
