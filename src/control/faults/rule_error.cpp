#include "control/faults/rule_error.h"

#include <algorithm>

namespace fauxkey::control::faults {
namespace {

/// Somebody else's text, in a sentence of ours.
std::string shown(const std::string& name) {
  constexpr std::size_t kMax = 40;
  std::string text;
  for (const char c : name.substr(0, kMax)) text += c >= ' ' && c <= '~' ? c : '?';
  return name.size() > kMax ? text + "…" : text;
}

}  // namespace

std::string listed(const std::vector<std::string_view>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

void check_members(const Json& json, const std::string& path, const std::vector<std::string_view>& known) {
  const std::string what = path.empty() ? "A rule" : path;
  if (!json.is_object()) throw RuleError{path, what + " has to be a JSON object."};
  for (const auto& item : json.items()) {
    if (std::ranges::find(known, item.key()) != known.end()) continue;
    throw RuleError{(path.empty() ? "" : path + ".") + shown(item.key()),
                    what + " has no member " + shown(item.key()) + ", but " + listed(known) + "."};
  }
}

std::int64_t whole_number(const Json& json, const std::string& member, std::int64_t min, std::int64_t max) {
  const bool fits =
      json.is_number_unsigned()
          ? json.get<std::uint64_t>() <= static_cast<std::uint64_t>(max) &&
                std::cmp_greater_equal(json.get<std::uint64_t>(), min)
          : json.is_number_integer() && json.get<std::int64_t>() >= min && json.get<std::int64_t>() <= max;
  if (!fits) {
    throw RuleError{member, member + " has to be a whole number from " + std::to_string(min) + " to " +
                                std::to_string(max) + "."};
  }
  return json.get<std::int64_t>();
}

std::string text(const Json& json, const std::string& member, std::size_t max) {
  if (!json.is_string() || json.get_ref<const std::string&>().empty() ||
      json.get_ref<const std::string&>().size() > max) {
    throw RuleError{member, member + " has to be a text of 1 to " + std::to_string(max) + " bytes."};
  }
  return json.get<std::string>();
}

}  // namespace fauxkey::control::faults
