// For who mistyped a name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fauxkey {

/// The word that is most like this one; empty where none is alike.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& words);

}  // namespace fauxkey
