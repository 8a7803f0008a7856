// Texts made of values.
#pragma once

#include <functional>
#include <string>

#include "fauxkey/bytes.h"

namespace fauxkey {

/// Lower case, without separators.
[[nodiscard]] std::string hex(ByteView bytes);

/// "one, two, three": of each what `projection` makes of it.
template <class Range, class Projection = std::identity>
[[nodiscard]] std::string listed(const Range& range, Projection projection = {}) {
  std::string text;
  for (const auto& one : range) text.append(text.empty() ? "" : ", ").append(std::invoke(projection, one));
  return text;
}

}  // namespace fauxkey
