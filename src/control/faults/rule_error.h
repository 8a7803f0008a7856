// What is wrong with a rule, and the strict reading of JSON objects that finds it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace fauxkey::control::faults {

/// Members stay in the order in which they are set.
using Json = nlohmann::ordered_json;

/// One sentence that names the member.
class RuleError : public std::invalid_argument {
 public:
  RuleError(std::string member, const std::string& sentence)
      : std::invalid_argument{sentence}, member_{std::move(member)} {}
  /// "action.milliseconds"; empty where it is the rule itself.
  [[nodiscard]] const std::string& member() const { return member_; }

 private:
  std::string member_;
};

/// "a, b and c"
[[nodiscard]] std::string listed(const std::vector<std::string_view>& names);

/// Throws RuleError where `json` is no object or has other members than these. `path`: its own name in the
/// rule, empty for the rule.
void check_members(const Json& json, const std::string& path, const std::vector<std::string_view>& known);

/// A whole number in this range; RuleError otherwise.
[[nodiscard]] std::int64_t whole_number(const Json& json, const std::string& member, std::int64_t min,
                                        std::int64_t max);
/// A text of 1 to `max` bytes; RuleError otherwise.
[[nodiscard]] std::string text(const Json& json, const std::string& member, std::size_t max);

}  // namespace fauxkey::control::faults
