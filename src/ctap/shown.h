// A host's names within the clause that says why a request is refused.
#pragma once

#include <string>

#include "user/display_text.h"

namespace fauxkey::ctap {

/// Safe for a terminal or a page. Of a long relying party identifier the end, where its owner stands.
[[nodiscard]] inline std::string shown_rp_id(const std::string& rp_id) {
  return user::display_text(rp_id, 64, user::Shorten::start);
}

/// "1 credential", "3 credentials"
[[nodiscard]] inline std::string counted(std::size_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

}  // namespace fauxkey::ctap
