// UTF-8 (RFC 3629): what CBOR texts and PINs are made of.
#pragma once

#include <optional>
#include <string_view>

namespace fauxkey::cbor {

/// How many code points; nothing where the bytes are not UTF-8.
[[nodiscard]] std::optional<std::size_t> count_code_points(std::string_view bytes);
[[nodiscard]] inline bool is_utf8(std::string_view bytes) { return count_code_points(bytes).has_value(); }

}  // namespace fauxkey::cbor
