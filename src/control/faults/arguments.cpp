#include "control/faults/arguments.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "fauxkey/status.h"

namespace fauxkey::control::faults {
namespace {

using Type = Parameter::Type;

constexpr std::size_t kMaxPath = cbor::kMaxNesting;
constexpr std::size_t kMaxKey = 64;

struct StatusWord {
  std::string_view name;
  std::uint16_t value;
};
// FIDO U2F Raw Message Formats 1.2, 3.3.
constexpr std::array kStatusWords{
    StatusWord{"SW_NO_ERROR", 0x9000},          StatusWord{"SW_CONDITIONS_NOT_SATISFIED", 0x6985},
    StatusWord{"SW_WRONG_DATA", 0x6A80},        StatusWord{"SW_WRONG_LENGTH", 0x6700},
    StatusWord{"SW_CLA_NOT_SUPPORTED", 0x6E00}, StatusWord{"SW_INS_NOT_SUPPORTED", 0x6D00},
};

std::optional<std::int64_t> status_word(const std::string& name) {
  for (const auto& word : kStatusWords) {
    if (word.name == name) return word.value;
  }
  return std::nullopt;
}

/// By the specification's name (CTAP 2.3, 8.2), with its prefix or without: "CTAP2_ERR_PIN_BLOCKED".
std::optional<std::int64_t> ctap_status(std::string_view name) {
  for (const std::string_view prefix : {"CTAP1_ERR_", "CTAP2_ERR_", "CTAP2_"}) {
    if (name.starts_with(prefix)) {
      name.remove_prefix(prefix.size());
      break;
    }
  }
  if (name == "SUCCESS") return 0;
  if (name == "UNKNOWN") return std::nullopt;  // what name_of says of a number without a name
  for (std::int64_t value = 0; value <= 0xFF; ++value) {
    if (name == name_of(static_cast<Status>(value))) return value;
  }
  return std::nullopt;
}

std::int64_t read_status(const Json& json, const std::string& member, bool u2f) {
  if (!json.is_string()) return whole_number(json, member, 0, u2f ? 0xFFFF : 0xFF);
  const auto& name = json.get_ref<const std::string&>();
  const auto value = u2f ? status_word(name) : ctap_status(name);
  if (value) return *value;
  throw RuleError{
      member, member + (u2f ? " has to be a status word of U2F: its number or one of SW_NO_ERROR, "
                              "SW_CONDITIONS_NOT_SATISFIED, SW_WRONG_DATA, SW_WRONG_LENGTH, "
                              "SW_CLA_NOT_SUPPORTED and SW_INS_NOT_SUPPORTED."
                            : " has to be a status of CTAP: its number from 0 to 255 or its name, such as "
                              "OPERATION_DENIED.")};
}

std::string read_choice(const Json& json, const std::string& member,
                        std::span<const std::string_view> choices) {
  if (json.is_string() && std::ranges::find(choices, json.get_ref<const std::string&>()) != choices.end()) {
    return json.get<std::string>();
  }
  throw RuleError{member, member + " has to be one of " + listed({choices.begin(), choices.end()}) + "."};
}

Bytes read_base64url(const Json& json, const std::string& member, std::size_t max) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    Bytes bytes(max);
    std::size_t size = 0;
    const char* end = nullptr;
    if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, &end,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
        end == text.data() + text.size()) {
      bytes.resize(size);
      return bytes;
    }
  }
  throw RuleError{
      member, member + " has to be at most " + std::to_string(max) + " bytes in base64url without padding."};
}

Bytes read_aaguid(const Json& json, const std::string& member) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    constexpr std::array<std::size_t, 4> kHyphens{8, 13, 18, 23};
    const bool hyphens = text.size() == 36;
    std::string digits;
    bool well_formed = hyphens || text.size() == 32;
    for (std::size_t i = 0; well_formed && i < text.size(); ++i) {
      if (hyphens && std::ranges::find(kHyphens, i) != kHyphens.end())
        well_formed = text[i] == '-';
      else
        digits += text[i];
    }
    Bytes bytes(Aaguid{}.size());
    std::size_t size = 0;
    if (well_formed &&
        sodium_hex2bin(bytes.data(), bytes.size(), digits.data(), digits.size(), nullptr, &size, nullptr) ==
            0 &&
        size == bytes.size()) {
      return bytes;
    }
  }
  throw RuleError{member, member + " has to be an AAGUID as 00000000-0000-0000-0000-000000000000."};
}

MemberPath read_member_path(const Json& json, const std::string& member) {
  const RuleError error{member, member + " has to be a member's number or text, or an array of at most " +
                                    std::to_string(kMaxPath) + " such from the answer's map inwards."};
  const Json keys = json.is_array() ? json : Json::array({json});
  if (keys.empty() || keys.size() > kMaxPath) throw error;
  MemberPath path;
  for (const auto& key : keys) {
    if (key.is_string() && key.get_ref<const std::string&>().size() <= kMaxKey)
      path.emplace_back(key.get<std::string>());
    else if (key.is_number_integer() &&
             (!key.is_number_unsigned() || key.get<std::uint64_t>() <= INT32_MAX) &&
             key.get<std::int64_t>() >= INT32_MIN)
      path.emplace_back(key.get<std::int64_t>());
    else
      throw error;
  }
  return path;
}

std::optional<Json> default_of(const Parameter& parameter) {
  if (parameter.type == Type::choice) return Json(parameter.choices.front());
  if (!parameter.otherwise) return std::nullopt;
  if (parameter.type == Type::flag) return Json(*parameter.otherwise != 0);
  return Json(*parameter.otherwise);
}

}  // namespace

Arguments Arguments::read(const Json& action, std::span<const Parameter> parameters, bool u2f) {
  std::vector<std::string_view> known{"type"};
  for (const auto& parameter : parameters) known.push_back(parameter.name);
  check_members(action, "action", known);

  Arguments arguments;
  for (const auto& parameter : parameters) {
    const std::string member = "action." + std::string{parameter.name};
    const auto given = action.find(parameter.name);
    const auto value = given != action.end() ? std::optional{*given} : default_of(parameter);
    if (!value) {
      if (parameter.required)
        throw RuleError{member, member + " is missing: " + std::string{parameter.what} + "."};
      continue;
    }
    const auto max = static_cast<std::size_t>(parameter.max);
    const auto read = [&]() -> Value {
      switch (parameter.type) {
        case Type::flag:
          if (!value->is_boolean()) throw RuleError{member, member + " has to be true or false."};
          return value->get<bool>();
        case Type::choice:
          return read_choice(*value, member, parameter.choices);
        case Type::text:
          return faults::text(*value, member, max);
        case Type::bytes:
          return read_base64url(*value, member, max);
        case Type::aaguid:
          return read_aaguid(*value, member);
        case Type::status:
          return read_status(*value, member, u2f);
        case Type::member:
          return read_member_path(*value, member);
        case Type::number:
          break;
      }
      return whole_number(*value, member, parameter.min, parameter.max);
    };
    arguments.values_.emplace_back(parameter.name, read());
    arguments.json_[std::string{parameter.name}] = *value;
  }
  return arguments;
}

}  // namespace fauxkey::control::faults
