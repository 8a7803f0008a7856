// authenticatorConfig, 0x0D (CTAP 2.3, 6.11): each subcommand is a function.
#include <algorithm>
#include <array>

#include "ctap/authenticator_config.h"
#include "ctap/command.h"

namespace fauxkey::ctap {
namespace {

constexpr Member kSubCommand{1, "subCommand"}, kSubCommandParams{2, "subCommandParams"},
    kPinUvAuthProtocol{3, "pinUvAuthProtocol"}, kPinUvAuthParam{4, "pinUvAuthParam"};
constexpr Member kNewMinPinLength{1, "newMinPINLength"}, kMinPinLengthRpIds{2, "minPinLengthRPIDs"},
    kForceChangePin{3, "forceChangePin"}, kPinComplexityPolicyParam{4, "pinComplexityPolicy"};

struct ConfigRequest {
  Session& session;
  const cbor::Map& params;
};

Response keep(ConfigRequest& request, const Settings& settings) {
  if (const auto kept = request.session.key.change_settings(settings); !kept) return fail(kept.error());
  return cbor::Value{};
}

/// 6.11.1
Response enable_enterprise_attestation(ConfigRequest& request) {
  Settings settings = request.session.key.settings();
  settings.enterprise_attestation = true;
  return keep(request, settings);
}

/// 6.11.2
Response toggle_always_uv(ConfigRequest& request) {
  Settings settings = request.session.key.settings();
  settings.always_uv = !settings.always_uv;
  return keep(request, settings);
}

/// 6.11.4
Response set_min_pin_length(ConfigRequest& request) {
  Reader reader{request.params, kSubCommandParams.name};
  const auto& key = request.session.key;
  Settings settings = key.settings();
  const auto length = reader.value_or(kNewMinPinLength, settings.min_pin_length);
  const auto* rp_ids = reader.optional<cbor::Array>(kMinPinLengthRpIds);
  const bool force_change = reader.value_or(kForceChangePin, false);
  const bool complexity =
      key.features().pin_complexity_policy && reader.value_or(kPinComplexityPolicyParam, false);
  if (!reader.ok()) return fail(reader.refusal());

  if (length < settings.min_pin_length) {
    return fail(Status::pin_policy_violation, "6.11.4: newMinPINLength is " + std::to_string(length) +
                                                  ", and it never falls below the present " +
                                                  std::to_string(settings.min_pin_length));
  }
  if (length > Pin::kMaxBytes) {
    return fail(Status::pin_policy_violation,
                "6.11.4: newMinPINLength is " + std::to_string(length) + ", and a PIN has 63 bytes at most");
  }
  if (force_change && !key.pin().is_set())
    return fail(Status::pin_not_set, "6.11.4: forceChangePin is true, and no PIN is set");
  if (rp_ids != nullptr) {
    if (const auto most = key.limits().max_rp_ids_for_set_min_pin_length; rp_ids->size() > most) {
      return fail(Status::key_store_full, "6.11.4: minPinLengthRPIDs has " + std::to_string(rp_ids->size()) +
                                              " entries, more than " + std::to_string(most) +
                                              " (maxRPIDsForSetMinPINLength)");
    }
    settings.min_pin_length_rp_ids.clear();
    for (const auto& rp_id : *rp_ids) {
      const auto* text = rp_id.as<std::string>();
      if (text == nullptr) {
        return fail(Status::cbor_unexpected_type, std::string{"an entry of minPinLengthRPIDs is of type "} +
                                                      type_of(rp_id) + ", not text string");
      }
      settings.min_pin_length_rp_ids.push_back(*text);
    }
  }
  settings.min_pin_length = length;
  // A policy that begins now cannot judge a PIN of which only the hash is known.
  const bool begins_policy = complexity && !settings.pin_complexity_policy;
  settings.pin_complexity_policy = settings.pin_complexity_policy || complexity;
  if (key.pin().is_set() && (force_change || key.pin().code_points() < length || begins_policy)) {
    settings.force_pin_change = true;
  }
  const bool revoke = settings.force_pin_change;
  auto response = keep(request, settings);
  if (response && revoke)
    request.session.auth.revoke_tokens("the pinUvAuthToken ended when the PIN had to be changed (6.11.4)");
  return response;
}

/// 6.11.5: only a reset takes it back.
Response enable_long_touch_for_reset(ConfigRequest& request) {
  Settings settings = request.session.key.settings();
  settings.long_touch_for_reset = true;
  return keep(request, settings);
}

struct Row {
  ConfigSubCommand sub_command;
  Response (*run)(ConfigRequest&);
};

constexpr std::array kSubCommands{
    Row{ConfigSubCommand::enable_enterprise_attestation, enable_enterprise_attestation},
    Row{ConfigSubCommand::toggle_always_uv, toggle_always_uv},
    Row{ConfigSubCommand::set_min_pin_length, set_min_pin_length},
    Row{ConfigSubCommand::enable_long_touch_for_reset, enable_long_touch_for_reset},
};

const Row* row_of(const Authenticator& key, std::uint64_t sub_command) {
  for (const auto& row : kSubCommands) {
    if (static_cast<std::uint64_t>(row.sub_command) == sub_command && is_supported(key, row.sub_command))
      return &row;
  }
  return nullptr;
}

}  // namespace

bool is_supported(const Authenticator& key, ConfigSubCommand sub_command) {
  switch (sub_command) {
    case ConfigSubCommand::enable_enterprise_attestation:
      return key.config().enterprise.has_value();
    case ConfigSubCommand::set_min_pin_length:
      return key.sets_min_pin_length();
    case ConfigSubCommand::toggle_always_uv:
      return key.has_always_uv();
    case ConfigSubCommand::enable_long_touch_for_reset:
      return key.knows(CtapVersion::fido_2_3);
  }
  return false;
}

std::vector<ConfigSubCommand> config_sub_commands(const Authenticator& key) {
  std::vector<ConfigSubCommand> supported;
  for (const auto& row : kSubCommands) {
    if (is_supported(key, row.sub_command)) supported.push_back(row.sub_command);
  }
  return supported;
}

Response authenticator_config(Request& call) {
  Reader reader{call.parameters};
  const auto sub_command = reader.required<std::uint64_t>(kSubCommand);
  const auto* params = reader.optional<cbor::Map>(kSubCommandParams);
  const auto auth = read_pin_uv_auth_param(reader, kPinUvAuthParam, kPinUvAuthProtocol);
  if (!reader.ok()) return fail(reader.refusal());
  const auto* row = row_of(call.session.key, sub_command);
  if (row == nullptr) {
    return fail(Status::invalid_parameter,
                "6.11: this key has no authenticatorConfig subcommand " + std::to_string(sub_command));
  }

  // A key that no PIN protects lets itself be set up; it has nobody to ask. Switching alwaysUv off needs no
  // more than that either, as it would otherwise lock the key up until a reset.
  const auto& key = call.session.key;
  const bool unprotected = !key.is_protected();
  const bool exempt =
      unprotected && (!key.settings().always_uv || row->sub_command == ConfigSubCommand::toggle_always_uv);
  if (!exempt) {
    if (!auth.param)
      return fail(Status::puat_required, "6.11: the key is protected, and the request has no pinUvAuthParam");
    // 6.11, step 4: thirty-two bytes of ff, the command, the subcommand, its parameters.
    Bytes message(32, 0xFF);
    message.push_back(0x0D);
    message.push_back(static_cast<std::uint8_t>(sub_command));
    if (params != nullptr) append(message, cbor::encode(*params));
    const auto verified =
        call.session.auth.verify(auth, {message}, kAuthenticatorConfig, "the subcommand and its parameters");
    if (!verified) return fail(verified.error());
  }
  static const cbor::Map kNone;
  ConfigRequest request{call.session, params != nullptr ? *params : kNone};
  return row->run(request);
}

}  // namespace fauxkey::ctap
