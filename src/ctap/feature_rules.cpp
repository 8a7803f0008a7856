#include "ctap/feature_rules.h"

#include <algorithm>
#include <array>

#include "ctap/authenticator_config.h"
#include "ctap/get_info.h"

namespace fauxkey::ctap {
namespace info {
namespace {

/// Questions that the rules ask.
class Info {
 public:
  explicit Info(const cbor::Map& map) : map_{map} {}

  [[nodiscard]] bool has(int member) const { return cbor::find(map_, member) != nullptr; }
  [[nodiscard]] bool has_option(const char* name) const { return option(name) != nullptr; }
  [[nodiscard]] bool is_on(const char* name) const {
    const auto* value = option(name);
    return value != nullptr && value->as<bool>() != nullptr && *value->as<bool>();
  }
  /// 0 where it is absent.
  [[nodiscard]] std::uint64_t number(int member) const {
    const auto* value = cbor::find(map_, member);
    const auto* number = value != nullptr ? value->as_unsigned() : nullptr;
    return number != nullptr ? *number : 0;
  }
  [[nodiscard]] bool lists(int member, const cbor::Value& element) const {
    const auto* list = array(member);
    return list != nullptr && std::ranges::find(*list, element) != list->end();
  }
  [[nodiscard]] bool extends(const char* name) const { return lists(kExtensions, name); }
  [[nodiscard]] bool configures(ConfigSubCommand sub_command) const {
    return lists(kAuthenticatorConfigCommands, static_cast<std::uint8_t>(sub_command));
  }
  /// Whether what authenticatorConfig sets is there, as the list of its subcommands says. A key of before
  /// CTAP 2.3 has no list, and needs the command all the same.
  [[nodiscard]] bool agrees(bool present, ConfigSubCommand sub_command) const {
    if (has(kAuthenticatorConfigCommands)) return present == configures(sub_command);
    return !present || is_on("authnrCfg");
  }
  /// Present lists hold something, and nothing twice.
  [[nodiscard]] bool lists_are_sets() const {
    return std::ranges::all_of(map_, [](const auto& entry) {
      const auto* list = entry.second.template as<cbor::Array>();
      if (list == nullptr) return true;
      return !list->empty() && std::ranges::all_of(*list, [&](const auto& element) {
        return std::ranges::count(*list, element) == 1;
      });
    });
  }
  [[nodiscard]] bool is_new() const { return lists(kVersions, "FIDO_2_1"); }
  [[nodiscard]] bool verifies_users() const { return has_option("clientPin") || has_option("uv"); }
  [[nodiscard]] bool verification_is_set_up() const { return is_on("clientPin") || is_on("uv"); }

 private:
  [[nodiscard]] const cbor::Array* array(int member) const {
    const auto* value = cbor::find(map_, member);
    return value != nullptr ? value->as<cbor::Array>() : nullptr;
  }
  [[nodiscard]] const cbor::Value* option(const char* name) const {
    const auto* options = cbor::find(map_, kOptions);
    const auto* map = options != nullptr ? options->as<cbor::Map>() : nullptr;
    return map != nullptr ? cbor::find(*map, name) : nullptr;
  }

  const cbor::Map& map_;
};

constexpr bool implies(bool condition, bool consequence) { return !condition || consequence; }

struct Rule {
  const char* text;
  bool (*holds)(const Info&);
};

constexpr std::array kRules{
    // Mandatory features of a key that names FIDO_2_1 or FIDO_2_3; FIDO_2_0 did not know them.
    Rule{"9: extension hmac-secret is there",
         [](const Info& i) { return implies(i.is_new(), i.extends("hmac-secret")); }},
    Rule{"9: a key with discoverable credentials can verify its user (clientPin or uv)",
         [](const Info& i) { return implies(i.is_on("rk") && i.is_new(), i.verifies_users()); }},
    Rule{"9: a key with discoverable credentials has credentialManagement",
         [](const Info& i) { return implies(i.is_on("rk") && i.is_new(), i.is_on("credMgmt")); }},
    Rule{"9: a key that can verify its user has extension credProtect",
         [](const Info& i) { return implies(i.verifies_users() && i.is_new(), i.extends("credProtect")); }},
    Rule{"9: a key that verifies its user gives pinUvAuthTokens",
         [](const Info& i) { return implies(i.verifies_users() && i.is_new(), i.is_on("pinUvAuthToken")); }},
    Rule{"9: PIN/UV auth protocol two is there",
         [](const Info& i) {
           return implies(i.has(kPinUvAuthProtocols) && i.is_new(), i.lists(kPinUvAuthProtocols, 2));
         }},
    Rule{"9: extension minPinLength comes with setMinPINLength",
         [](const Info& i) { return implies(i.extends("minPinLength"), i.is_on("setMinPINLength")); }},
    Rule{"9: enterprise attestation can be enabled",
         [](const Info& i) {
           return i.agrees(i.has_option("ep"), ConfigSubCommand::enable_enterprise_attestation);
         }},
    // Lists and numbers.
    Rule{"6.4: versions are named", [](const Info& i) { return i.has(kVersions); }},
    Rule{"6.4: lists are not empty and hold nothing twice", [](const Info& i) { return i.lists_are_sets(); }},
    Rule{"6.4: maxMsgSize is 1024 at least", [](const Info& i) { return i.number(kMaxMsgSize) >= 1024; }},
    Rule{"6.4: ids and lists of credentials have some length",
         [](const Info& i) {
           return implies(i.is_new(),
                          i.number(kMaxCredentialCountInList) > 0 && i.number(kMaxCredentialIdLength) > 0);
         }},
    // PIN.
    Rule{"6.4: minPINLength is 4 at least, and there with clientPin",
         [](const Info& i) {
           if (!i.has(kMinPinLength)) return !(i.is_new() && i.has_option("clientPin"));
           return i.has_option("clientPin") && i.number(kMinPinLength) >= 4;
         }},
    Rule{"6.4: maxPINLength lies in 8 to 63 and is not below minPINLength",
         [](const Info& i) {
           return implies(i.has(kMaxPinLength), i.number(kMaxPinLength) >= 8 &&
                                                    i.number(kMaxPinLength) <= 63 &&
                                                    i.number(kMaxPinLength) >= i.number(kMinPinLength));
         }},
    Rule{"7.5: a PIN complexity policy needs clientPin",
         [](const Info& i) { return implies(i.has(kPinComplexityPolicy), i.has_option("clientPin")); }},
    // authenticatorConfig.
    Rule{"6.4: config subcommands need option authnrCfg, and a key that names FIDO_2_3 lists them",
         [](const Info& i) {
           return i.has(kAuthenticatorConfigCommands)
                      ? i.is_on("authnrCfg")
                      : !(i.lists(kVersions, "FIDO_2_3") && i.is_on("authnrCfg"));
         }},
    Rule{"6.11.2: toggleAlwaysUv comes with option alwaysUv",
         [](const Info& i) {
           // Where it is on, it may be on for good.
           return (i.is_on("alwaysUv") && !i.is_on("authnrCfg")) ||
                  i.agrees(i.has_option("alwaysUv"), ConfigSubCommand::toggle_always_uv);
         }},
    Rule{"6.11.4: setMinPINLength comes with option setMinPINLength",
         [](const Info& i) {
           return i.agrees(i.is_on("setMinPINLength"), ConfigSubCommand::set_min_pin_length);
         }},
    Rule{"6.11.5: enableLongTouchForReset comes with longTouchForReset",
         [](const Info& i) {
           return i.agrees(i.has(kLongTouchForReset), ConfigSubCommand::enable_long_touch_for_reset);
         }},
    Rule{"6.4: maxRPIDsForSetMinPINLength comes with setMinPINLength",
         [](const Info& i) { return i.has(kMaxRpIdsForSetMinPinLength) == i.is_on("setMinPINLength"); }},
    Rule{"6.4: algorithms and transports are named",
         [](const Info& i) { return implies(i.is_new(), i.has(kAlgorithms) && i.has(kTransports)); }},
    // Options that need others.
    Rule{"6.4: uvBioEnroll needs bioEnroll",
         [](const Info& i) { return implies(i.has_option("uvBioEnroll"), i.has_option("bioEnroll")); }},
    Rule{"6.4: uvAcfg needs authnrCfg",
         [](const Info& i) { return implies(i.has_option("uvAcfg"), i.has_option("authnrCfg")); }},
    Rule{"6.4: alwaysUv and makeCredUvNotRqd are not on together",
         [](const Info& i) { return !(i.is_on("alwaysUv") && i.is_on("makeCredUvNotRqd")); }},
    Rule{"7.2.4: under alwaysUv a key that cannot verify its user by itself has no U2F",
         [](const Info& i) {
           return implies(i.is_on("alwaysUv") && !i.is_on("uv"), !i.lists(kVersions, "U2F_V2"));
         }},
    Rule{"6.4: perCredMgmtRO needs credMgmt",
         [](const Info& i) { return implies(i.is_on("perCredMgmtRO"), i.is_on("credMgmt")); }},
    // Blobs.
    Rule{"12.2: extension credBlob comes with maxCredBlobLength, 32 at least, and with credProtect",
         [](const Info& i) {
           return i.extends("credBlob") ? i.number(kMaxCredBlobLength) >= 32 && i.extends("credProtect")
                                        : !i.has(kMaxCredBlobLength);
         }},
    Rule{"12.4: extension largeBlob excludes largeBlobKey and the largeBlobs command",
         [](const Info& i) {
           return implies(i.extends("largeBlob"), !i.extends("largeBlobKey") && !i.is_on("largeBlobs"));
         }},
    Rule{"6.10.1: extension largeBlobKey comes with the largeBlobs command",
         [](const Info& i) { return implies(i.extends("largeBlobKey"), i.is_on("largeBlobs")); }},
    Rule{"6.4: maxSerializedLargeBlobArray comes with the largeBlobs command, 1024 at least",
         [](const Info& i) {
           return i.is_on("largeBlobs") ? i.number(kMaxSerializedLargeBlobArray) >= 1024
                                        : !i.has(kMaxSerializedLargeBlobArray);
         }},
    Rule{"12.8: extension hmac-secret-mc needs hmac-secret",
         [](const Info& i) { return implies(i.extends("hmac-secret-mc"), i.extends("hmac-secret")); }},
};

}  // namespace
}  // namespace info

std::optional<std::string> broken_rule(const cbor::Map& info) {
  const info::Info answers{info};
  const auto* const broken =
      std::ranges::find_if(info::kRules, [&](const info::Rule& rule) { return !rule.holds(answers); });
  if (broken == info::kRules.end()) return std::nullopt;
  return std::string{"CTAP 2.3, "} + broken->text;
}

}  // namespace fauxkey::ctap
