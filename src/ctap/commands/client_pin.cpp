// authenticatorClientPIN, 0x06 (CTAP 2.3, 6.5.5): each subcommand is a function whose lines follow the
// section's steps.
#include "ctap/command.h"

namespace fauxkey::ctap {
namespace {

constexpr int kPinUvAuthProtocol = 1, kSubCommand = 2, kKeyAgreement = 3, kPinUvAuthParam = 4, kNewPinEnc = 5,
              kPinHashEnc = 6, kPermissions = 9, kRpId = 10;
constexpr int kKeyAgreementResult = 1, kPinUvAuthTokenResult = 2, kPinRetriesResult = 3,
              kPowerCycleStateResult = 4;

constexpr std::size_t kPaddedPinSize = 64;  // 6.5.5.5

struct ClientPinRequest {
  Session& session;
  Reader reader;
};

/// What the subcommands with a PIN begin with: the protocol and the secret shared with the platform.
struct Agreed {
  PinProtocol* protocol;
  SharedSecret secret;
};

Result<PinProtocol*> read_protocol(ClientPinRequest& request) {
  const auto version = request.reader.required<std::uint64_t>(kPinUvAuthProtocol);
  if (request.reader.status() != Status::ok) return fail(request.reader.status());
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
  if (!padded || padded->size() != kPaddedPinSize) return fail(Status::invalid_parameter);
  std::size_t size = padded->size();
  while (size > 0 && padded->data()[size - 1] == 0) --size;
  return SecretBytes::copy_of(padded->view().first(size));
}

Result<void> keep_new_pin(ClientPinRequest& request, const SecretBytes& new_pin) {
  const auto code_points = Pin::check_policy(new_pin, Pin::kDefaultMinCodePoints);
  if (!code_points) return fail(code_points.error());
  return request.session.key.pin().set(new_pin, *code_points);
}

/// Spends a try on the PIN hash that the platform sent. A miss costs it the shared secret too
/// (6.5.5.6, 6.5.5.7).
Result<void> check_pin(ClientPinRequest& request, const Agreed& agreed, ByteView pin_hash_enc) {
  const auto hash = agreed.protocol->decrypt(agreed.secret, pin_hash_enc);
  auto verified = request.session.key.pin().verify(hash ? hash->view() : ByteView{});
  if (!verified) agreed.protocol->regenerate();
  return verified;
}

Response get_pin_retries(ClientPinRequest& request) {
  const auto& pin = request.session.key.pin();
  return cbor::Map{{kPinRetriesResult, pin.retries()}, {kPowerCycleStateResult, pin.needs_power_cycle()}};
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
  if (request.session.key.pin().is_set()) return fail(Status::pin_auth_invalid);
  if (!agreed->protocol->verify(agreed->secret, {new_pin_enc}, param)) return fail(Status::pin_auth_invalid);
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
    return fail(Status::pin_auth_invalid);
  }
  if (const auto right = check_pin(request, *agreed, pin_hash_enc); !right) return fail(right.error());
  const auto new_pin = read_new_pin(*agreed, new_pin_enc);
  if (!new_pin) return fail(new_pin.error());
  if (const auto kept = keep_new_pin(request, *new_pin); !kept) return fail(kept.error());
  request.session.auth.revoke_tokens();
  return cbor::Value{};
}

/// 6.5.5.7.1 and 6.5.5.7.2: what the two ways to a token by PIN have in common.
Response issue_token(ClientPinRequest& request, std::uint8_t permissions, std::optional<std::string> rp_id) {
  const auto& pin_hash_enc = request.reader.required<Bytes>(kPinHashEnc);
  const auto agreed = agree(request);
  if (!agreed) return fail(agreed.error());
  if (const auto allowed = request.session.key.pin().check_not_blocked(); !allowed)
    return fail(allowed.error());
  if (const auto right = check_pin(request, *agreed, pin_hash_enc); !right) return fail(right.error());
  request.session.auth.issue_token(false, permissions, std::move(rp_id));
  return cbor::Map{
      {kPinUvAuthTokenResult, agreed->protocol->encrypt(agreed->secret, agreed->protocol->token())}};
}

Response get_pin_token(ClientPinRequest& request) {
  // The old subcommand knows no permissions; a member that gives some is a mistake (6.5.5.7.1, step 3).
  if (request.reader.optional<std::uint64_t>(kPermissions) != nullptr ||
      request.reader.optional<std::string>(kRpId) != nullptr) {
    return fail(Status::invalid_parameter);
  }
  return issue_token(request, kMakeCredential | kGetAssertion, std::nullopt);
}

Response get_pin_uv_auth_token_using_pin_with_permissions(ClientPinRequest& request) {
  constexpr std::uint64_t kAvailable = kMakeCredential | kGetAssertion | kCredentialManagement;
  const auto permissions = request.reader.required<std::uint64_t>(kPermissions);
  auto rp_id = request.reader.optional_text(kRpId);
  if (request.reader.status() != Status::ok) return fail(request.reader.status());
  if (permissions == 0) return fail(Status::invalid_parameter);
  if ((permissions & ~kAvailable) != 0) return fail(Status::unauthorized_permission);
  if ((permissions & (kMakeCredential | kGetAssertion)) != 0 && !rp_id)
    return fail(Status::missing_parameter);
  return issue_token(request, static_cast<std::uint8_t>(permissions), std::move(rp_id));
}

struct Row {
  std::uint64_t sub_command;
  Response (*run)(ClientPinRequest&);
};

constexpr std::array kSubCommands{
    Row{0x01, get_pin_retries}, Row{0x02, get_key_agreement},
    Row{0x03, set_pin},         Row{0x04, change_pin},
    Row{0x05, get_pin_token},   Row{0x09, get_pin_uv_auth_token_using_pin_with_permissions},
};

}  // namespace

Response client_pin(Request& call) {
  ClientPinRequest request{call.session, Reader{call.parameters}};
  const auto sub_command = request.reader.required<std::uint64_t>(kSubCommand);
  if (request.reader.status() != Status::ok) return fail(request.reader.status());
  for (const auto& row : kSubCommands) {
    if (row.sub_command == sub_command) return row.run(request);
  }
  return fail(Status::invalid_subcommand);
}

}  // namespace fauxkey::ctap
