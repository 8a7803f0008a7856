// authenticatorClientPIN, 0x06 (CTAP 2.3, 6.5.5): each subcommand is a function whose lines follow the
// section's steps.
#include "ctap/command.h"

namespace fauxkey::ctap {
namespace {

constexpr Member kPinUvAuthProtocol{1, "pinUvAuthProtocol"}, kSubCommand{2, "subCommand"},
    kKeyAgreement{3, "keyAgreement"}, kPinUvAuthParam{4, "pinUvAuthParam"}, kNewPinEnc{5, "newPinEnc"},
    kPinHashEnc{6, "pinHashEnc"}, kPermissions{9, "permissions"}, kRpId{10, "rpId"};
constexpr int kKeyAgreementResult = 1, kPinUvAuthTokenResult = 2, kPinRetriesResult = 3,
              kPowerCycleStateResult = 4, kUvRetriesResult = 5;

constexpr std::size_t kPaddedPinSize = 64;  // 6.5.5.5

struct ClientPinRequest {
  Session& session;
  const Exchange& exchange;
  Reader reader;
};

/// What the subcommands with a PIN begin with: the protocol and the secret shared with the platform.
struct Agreed {
  PinProtocol* protocol;
  SharedSecret secret;
};

Result<PinProtocol*> read_protocol(ClientPinRequest& request) {
  const auto version = request.reader.required<std::uint64_t>(kPinUvAuthProtocol);
  if (!request.reader.ok()) return fail(request.reader.refusal());
  return request.session.auth.protocol(version);
}

/// Reads the protocol and the platform's key last, so that a missing member anywhere comes first.
Result<Agreed> agree(ClientPinRequest& request) {
  const auto& platform_key = request.reader.required<cbor::Map>(kKeyAgreement);
  const auto protocol = read_protocol(request);
  if (!protocol) return fail(protocol.error());
  auto secret = (*protocol)->decapsulate(platform_key);
  if (!secret) return fail(secret.error());
  return Agreed{*protocol, *std::move(secret)};
}

/// The new PIN out of its padding, by the rules for PINs.
Result<SecretBytes> read_new_pin(const Agreed& agreed, ByteView new_pin_enc) {
  auto padded = agreed.protocol->decrypt(agreed.secret, new_pin_enc);
  if (!padded) return fail(Status::invalid_parameter, "newPinEnc: " + padded.error().why);
  if (padded->size() != kPaddedPinSize) {
    return fail(Status::invalid_parameter, "6.5.5.5: newPinEnc holds " + std::to_string(padded->size()) +
                                               " bytes, not a PIN padded to 64");
  }
  std::size_t size = padded->size();
  while (size > 0 && padded->data()[size - 1] == 0) --size;
  return SecretBytes::copy_of(padded->view().first(size));
}

Result<void> keep_new_pin(ClientPinRequest& request, const SecretBytes& new_pin) {
  auto& key = request.session.key;
  Settings settings = key.settings();
  const auto code_points =
      Pin::check_policy(new_pin, settings.min_pin_length, settings.pin_complexity_policy);
  if (!code_points) return fail(code_points.error());
  // 6.5.5.6: a change that was demanded has to change something.
  if (settings.force_pin_change && key.pin().same_as(new_pin)) {
    return fail(Status::pin_policy_violation,
                "6.5.5.6: the PIN must be changed (forcePINChange), and the new one is the old one");
  }
  if (auto kept = key.pin().set(new_pin, *code_points); !kept) return kept;
  if (!settings.force_pin_change) return {};
  settings.force_pin_change = false;
  return key.change_settings(settings);
}

/// Spends a try on the PIN hash that the platform sent. A miss costs it the shared secret too
/// (6.5.5.6, 6.5.5.7).
Result<void> check_pin(ClientPinRequest& request, const Agreed& agreed, ByteView pin_hash_enc) {
  const auto hash = agreed.protocol->decrypt(agreed.secret, pin_hash_enc);
  auto verified = request.session.key.pin().verify(hash ? hash->view() : ByteView{});
  if (verified) return verified;
  agreed.protocol->regenerate();
  if (!hash) verified.error().why += " (pinHashEnc: " + hash.error().why + ")";
  return verified;
}

Response get_pin_retries(ClientPinRequest& request) {
  const auto& pin = request.session.key.pin();
  cbor::Map response{{kPinRetriesResult, pin.retries()}};
  if (request.session.key.knows(CtapVersion::fido_2_1))
    response.emplace_back(kPowerCycleStateResult, pin.needs_power_cycle());
  return response;
}

Response get_key_agreement(ClientPinRequest& request) {
  const auto protocol = read_protocol(request);
  if (!protocol) return fail(protocol.error());
  return cbor::Map{{kKeyAgreementResult, (*protocol)->public_key()}};
}

Response set_pin(ClientPinRequest& request) {
  const auto& new_pin_enc = request.reader.required<Bytes>(kNewPinEnc);
  const auto& param = request.reader.required<Bytes>(kPinUvAuthParam);
  const auto agreed = agree(request);
  if (!agreed) return fail(agreed.error());
  if (request.session.key.pin().is_set())
    return fail(Status::pin_auth_invalid, "6.5.5.5: a PIN is set already; changePIN changes it");
  if (!agreed->protocol->verify(agreed->secret, {new_pin_enc}, param)) {
    return fail(
        Status::pin_auth_invalid,
        "6.5.5.5: pinUvAuthParam does not match newPinEnc under the shared secret (a new keyAgreement?)");
  }
  const auto new_pin = read_new_pin(*agreed, new_pin_enc);
  if (!new_pin) return fail(new_pin.error());
  if (const auto kept = keep_new_pin(request, *new_pin); !kept) return fail(kept.error());
  return cbor::Value{};
}

Response change_pin(ClientPinRequest& request) {
  const auto& new_pin_enc = request.reader.required<Bytes>(kNewPinEnc);
  const auto& pin_hash_enc = request.reader.required<Bytes>(kPinHashEnc);
  const auto& param = request.reader.required<Bytes>(kPinUvAuthParam);
  const auto agreed = agree(request);
  if (!agreed) return fail(agreed.error());
  if (const auto allowed = request.session.key.pin().check_not_blocked(); !allowed)
    return fail(allowed.error());
  if (!agreed->protocol->verify(agreed->secret, {new_pin_enc, pin_hash_enc}, param)) {
    return fail(
        Status::pin_auth_invalid,
        "6.5.5.6: pinUvAuthParam does not match newPinEnc and pinHashEnc under the shared secret (a new "
        "keyAgreement?)");
  }
  if (const auto right = check_pin(request, *agreed, pin_hash_enc); !right) return fail(right.error());
  const auto new_pin = read_new_pin(*agreed, new_pin_enc);
  if (!new_pin) return fail(new_pin.error());
  if (const auto kept = keep_new_pin(request, *new_pin); !kept) return fail(kept.error());
  request.session.auth.revoke_tokens("the pinUvAuthToken ended with the change of the PIN");
  if (const auto revoked = request.session.key.identity().revoke_persistent_token(); !revoked) {
    return fail(revoked.error());
  }
  return cbor::Value{};
}

Response get_uv_retries(ClientPinRequest& request) {
  return cbor::Map{{kUvRetriesResult, request.session.key.built_in_uv().retries()}};
}

/// The token that was asked for, for the platform's eyes. pcmr's is the persistent one (6.5.3.2).
Response hand_out_token(ClientPinRequest& request, const Agreed& agreed, bool user_is_present,
                        std::uint8_t permissions, std::optional<std::string> rp_id) {
  if (permissions == kPersistentCredentialManagementReadOnly) {
    const auto& token = request.session.key.identity().persistent_token();
    return cbor::Map{{kPinUvAuthTokenResult, agreed.protocol->encrypt(agreed.secret, token)}};
  }
  request.session.auth.issue_token(user_is_present, permissions, std::move(rp_id));
  return cbor::Map{
      {kPinUvAuthTokenResult, agreed.protocol->encrypt(agreed.secret, agreed.protocol->token())}};
}

/// 6.5.5.7.1 and 6.5.5.7.2: what the two ways to a token by PIN have in common. `when_change_is_due`: what a
/// PIN that must be changed first is answered with.
Response issue_token_by_pin(ClientPinRequest& request, std::uint8_t permissions,
                            std::optional<std::string> rp_id, Status when_change_is_due) {
  const auto& pin_hash_enc = request.reader.required<Bytes>(kPinHashEnc);
  const auto agreed = agree(request);
  if (!agreed) return fail(agreed.error());
  auto& key = request.session.key;
  if (const auto allowed = key.pin().check_not_blocked(); !allowed) return fail(allowed.error());
  if (const auto right = check_pin(request, *agreed, pin_hash_enc); !right) return fail(right.error());
  if (key.settings().force_pin_change)
    return fail(when_change_is_due, "the PIN is right, and must be changed first (forcePINChange)");
  // Who knows the PIN is the user: built-in verification may be tried again (6.5.2.3).
  if (const auto noted = key.built_in_uv().pin_given(); !noted) return fail(noted.error());
  return hand_out_token(request, *agreed, false, permissions, std::move(rp_id));
}

Response get_pin_token(ClientPinRequest& request) {
  // The old subcommand knows no permissions; a member that gives some is a mistake (6.5.5.7.1, step 3).
  if (request.reader.optional<std::uint64_t>(kPermissions) != nullptr ||
      request.reader.optional<std::string>(kRpId) != nullptr) {
    return fail(Status::invalid_parameter,
                "6.5.5.7.1: getPinToken knows no permissions and no rpId; subcommand 9 does");
  }
  return issue_token_by_pin(request, kMakeCredential | kGetAssertion, std::nullopt, Status::pin_invalid);
}

/// The permissions that a token is asked for, and the relying party that it is bound to (6.5.5.7.2, steps 1
/// to 5).
struct Wanted {
  std::uint8_t permissions;
  std::optional<std::string> rp_id;
};

enum class Means : std::uint8_t { pin, built_in_uv };

/// Those that the key has a use for.
std::uint64_t available_permissions(const Authenticator& key, Means means) {
  std::uint64_t available = kMakeCredential | kGetAssertion;
  const bool by_pin = means == Means::pin;
  const auto& features = key.features();
  if (key.has_credential_management()) available |= kCredentialManagement;
  if (key.has_persistent_token()) available |= kPersistentCredentialManagementReadOnly;
  if (features.authnr_cfg && (by_pin || features.uv_acfg)) available |= kAuthenticatorConfig;
  if (key.supports_fingerprints() && (by_pin || features.uv_bio_enroll)) available |= kBioEnrollment;
  if (key.has_large_blobs_command()) available |= kLargeBlobWrite;
  return available;
}

Result<Wanted> read_wanted(ClientPinRequest& request, Means means) {
  const auto available = available_permissions(request.session.key, means);
  const auto permissions = request.reader.required<std::uint64_t>(kPermissions);
  auto rp_id = request.reader.optional_text(kRpId);
  if (!request.reader.ok()) return fail(request.reader.refusal());
  if (permissions == 0) return fail(Status::invalid_parameter, "6.5.5.7.2: permissions is 0");
  if (const auto unknown = permissions & ~available; unknown != 0) {
    return fail(Status::unauthorized_permission, "6.5.5.7: this key has no use for permissions " +
                                                     hex_number(static_cast<unsigned>(unknown)) +
                                                     " of those that are asked for");
  }
  if ((permissions & (kMakeCredential | kGetAssertion)) != 0 && !rp_id) {
    return fail(Status::missing_parameter, "6.5.5.7.2: permissions mc and ga need " + described(kRpId, {}));
  }
  // The persistent token goes with no other permission (6.5.3.2).
  if ((permissions & kPersistentCredentialManagementReadOnly) != 0 &&
      permissions != kPersistentCredentialManagementReadOnly) {
    return fail(Status::invalid_parameter, "6.5.3.2: permission pcmr goes with no other permission");
  }
  return Wanted{static_cast<std::uint8_t>(permissions), std::move(rp_id)};
}

Response get_pin_uv_auth_token_using_pin_with_permissions(ClientPinRequest& request) {
  auto wanted = read_wanted(request, Means::pin);
  if (!wanted) return fail(wanted.error());
  return issue_token_by_pin(request, wanted->permissions, std::move(wanted->rp_id),
                            Status::pin_policy_violation);
}

/// 6.5.5.7.3
Response get_pin_uv_auth_token_using_uv_with_permissions(ClientPinRequest& request) {
  auto wanted = read_wanted(request, Means::built_in_uv);
  if (!wanted) return fail(wanted.error());
  const auto agreed = agree(request);
  if (!agreed) return fail(agreed.error());
  if (!request.session.key.has_built_in_uv())
    return fail(Status::not_allowed,
                "6.5.5.7.3: built-in user verification is not set up: no finger is enrolled");
  const auto verified = request.session.key.verify_user(
      {Operation::verification, wanted->rp_id.value_or(""), {}}, request.exchange);
  if (!verified) return fail(verified.error());
  return hand_out_token(request, *agreed, true, wanted->permissions, std::move(wanted->rp_id));
}

/// The key has to be able to have what a subcommand is about.
enum class About : std::uint8_t { either, pin, built_in_uv };
struct Row {
  std::uint64_t sub_command = 0;
  Response (*run)(ClientPinRequest&) = nullptr;
  About about = About::pin;
  bool of_2_1 = false;  ///< CTAP 2.0 had no such subcommand
};

/// What the key lacks that the subcommand needs; nullptr: nothing.
const char* lacks(const Authenticator& key, const Row& row) {
  if (row.about == About::pin && !key.config().client_pin) return "a PIN, which this key cannot have";
  if (row.about == About::built_in_uv && !key.supports_built_in_uv())
    return "built-in user verification, which this key is without";
  if (row.of_2_1 && !key.features().pin_uv_auth_token)
    return "option pinUvAuthToken, which this key is without";
  return nullptr;
}

constexpr std::array kSubCommands{
    Row{0x01, get_pin_retries},
    Row{0x02, get_key_agreement, About::either},
    Row{0x03, set_pin},
    Row{0x04, change_pin},
    Row{0x05, get_pin_token},
    Row{0x06, get_pin_uv_auth_token_using_uv_with_permissions, About::built_in_uv, true},
    Row{0x07, get_uv_retries, About::built_in_uv, true},
    Row{0x09, get_pin_uv_auth_token_using_pin_with_permissions, About::pin, true},
};

}  // namespace

Response client_pin(Request& call) {
  ClientPinRequest request{call.session, call.exchange, Reader{call.parameters}};
  const auto sub_command = request.reader.required<std::uint64_t>(kSubCommand);
  if (!request.reader.ok()) return fail(request.reader.refusal());
  for (const auto& row : kSubCommands) {
    if (row.sub_command != sub_command) continue;
    if (const auto* const lack = lacks(call.session.key, row)) {
      return fail(Status::invalid_subcommand,
                  "6.5.5: clientPIN subcommand " + std::to_string(sub_command) + " needs " + lack);
    }
    return row.run(request);
  }
  return fail(Status::invalid_subcommand,
              "6.5.5: there is no clientPIN subcommand " + std::to_string(sub_command));
}

}  // namespace fauxkey::ctap
