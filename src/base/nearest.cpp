#include "base/nearest.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace fauxkey {
namespace {

/// Insertions, deletions, changes and swaps of neighbours that make one of the other.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  std::vector<std::size_t> next(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t change = from[i - 1] == to[j - 1] ? 0 : 1;
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + change});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
        next[j] = std::min(next[j], before[j - 2] + 1);
    }
    before.swap(row);
    row.swap(next);
  }
  return row[to.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& words) {
  std::string best;
  // Half of it other is another word.
  std::size_t least = word.size() / 2 + (word.size() < 4 ? 1 : 0);
  for (const auto& one : words) {
    const bool begins = word.size() >= 3 && one.starts_with(word);
    const auto far = begins ? std::size_t{0} : distance(word.substr(0, 64), one);
    if (far < least || (far == least && best.empty())) {
      best = one;
      least = far;
    }
  }
  return best;
}

}  // namespace fauxkey
