// An action's parameters: how each is written in a rule, and the values that a rule gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "cbor/cbor.h"
#include "control/faults/rule_error.h"
#include "fauxkey/bytes.h"

namespace fauxkey::control::faults {

struct Parameter {
  enum class Type : std::uint8_t {
    number,  ///< a whole number from `min` to `max`
    flag,    ///< true or false
    choice,  ///< one of `choices`
    text,    ///< 1 to `max` bytes of UTF-8
    bytes,   ///< up to `max` bytes in base64url without padding, as WebAuthn writes ids
    aaguid,  ///< 32 hexadecimal digits, with a UUID's hyphens or without
    status,  ///< a status by its name or number: CTAP2's or, where the rule is for U2F, a status word
    member,  ///< a member of the answer: a number, a text, or an array of such from the outermost map inwards
  };
  std::string_view name;
  Type type = Type::number;
  std::string_view what;  ///< for the table of actions
  bool required = false;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::optional<std::int64_t> otherwise = std::nullopt;  ///< a number's or (0, 1) a flag's default
  std::span<const std::string_view> choices = {};        ///< the first one is the default
};

/// The keys to a member, from the answer's map inwards.
using MemberPath = std::vector<cbor::Value>;

class Arguments {
 public:
  /// Takes the parameters out of `action`, the "type" member left aside. Throws RuleError. `u2f`: whether the
  /// rule is for a U2F command.
  [[nodiscard]] static Arguments read(const Json& action, std::span<const Parameter> parameters, bool u2f);

  // By the parameter's name. Those with a default or that are required are there.
  [[nodiscard]] std::int64_t number(std::string_view name) const { return *find<std::int64_t>(name); }
  [[nodiscard]] bool flag(std::string_view name) const { return *find<bool>(name); }
  [[nodiscard]] const std::string& text(std::string_view name) const { return *find<std::string>(name); }
  [[nodiscard]] const MemberPath& path(std::string_view name) const { return *find<MemberPath>(name); }
  /// nullptr where the rule does not have it.
  template <class T>
  [[nodiscard]] const T* find(std::string_view name) const {
    for (const auto& [known, value] : values_) {
      if (known == name) return std::get_if<T>(&value);
    }
    return nullptr;
  }
  /// As a rule could give them, defaults among them.
  [[nodiscard]] const Json& json() const { return json_; }

 private:
  using Value = std::variant<std::int64_t, bool, std::string, Bytes, MemberPath>;
  std::vector<std::pair<std::string_view, Value>> values_;
  Json json_ = Json::object();
};

}  // namespace fauxkey::control::faults
