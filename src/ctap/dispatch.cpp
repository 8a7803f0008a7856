#include "ctap/dispatch.h"

#include <spdlog/spdlog.h>

#include <array>

#include "ctap/command.h"
#include "ctap/reader.h"

namespace fauxkey::ctap {
namespace {

struct Row {
  std::uint8_t command;
  std::string_view name;
  Response (*run)(Request&);
  bool takes_parameters;
  /// Whether this key has the command; nullptr: every key has.
  bool (*present)(const Authenticator&) = nullptr;
};

bool has_fingerprints(const Authenticator& key) { return key.supports_fingerprints(); }
bool has_fingerprints_preview(const Authenticator& key) {
  return key.supports_fingerprints() && key.features().user_verification_mgmt_preview;
}
bool has_large_blobs(const Authenticator& key) { return key.has_large_blobs_command(); }
bool has_credential_management(const Authenticator& key) { return key.has_credential_management(); }
bool has_credential_management_preview(const Authenticator& key) {
  return key.has_credential_management() && key.features().credential_mgmt_preview;
}
bool has_config(const Authenticator& key) { return key.features().authnr_cfg; }
bool knows_2_1(const Authenticator& key) { return key.knows(CtapVersion::fido_2_1); }
/// Also for hmac-secret, which needs its key agreement (12.7).
bool has_client_pin(const Authenticator& key) { return key.can_verify_users() || key.features().hmac_secret; }

// CTAP 2.3, 6: command values.
constexpr std::array kCommands{
    Row{0x01, "makeCredential", make_credential, true},
    Row{0x02, "getAssertion", get_assertion, true},
    Row{0x04, "getInfo", get_info, false},
    Row{0x06, "clientPIN", client_pin, true, has_client_pin},
    Row{0x07, "reset", reset, false},
    Row{0x08, "getNextAssertion", get_next_assertion, false},
    Row{0x09, "bioEnrollment", bio_enrollment, true, has_fingerprints},
    Row{0x0A, "credentialManagement", credential_management, true, has_credential_management},
    Row{0x0B, "selection", selection, false, knows_2_1},
    Row{0x0C, "largeBlobs", large_blobs, true, has_large_blobs},
    Row{0x0D, "authenticatorConfig", authenticator_config, true, has_config},
    // As FIDO_2_1_PRE numbered them. libfido2 up to 1.14 (so Debian 12's fido2-token and ssh-keygen -K) knows
    // no other numbers.
    Row{0x40, "bioEnrollment", bio_enrollment, true, has_fingerprints_preview},
    Row{0x41, "credentialManagement", credential_management, true, has_credential_management_preview},
};

const Row* row_of(std::uint8_t command) {
  for (const auto& row : kCommands) {
    if (row.command == command) return &row;
  }
  return nullptr;
}

Response run(Session& session, ByteView message, const Exchange& exchange) {
  if (message.empty()) return fail(Status::invalid_length, "the message is empty");
  if (const auto most = session.key.limits().max_msg_size; message.size() > most) {
    return fail(Status::request_too_large, "the message has " + std::to_string(message.size()) +
                                               " bytes, more than " + std::to_string(most) + " (maxMsgSize)");
  }
  // Any command but the fitting "next" ends what the channel's last one left open, even one that fails.
  Sequence sequence = session.sequences.take(exchange.channel);
  const auto* row = row_of(message[0]);
  if (row == nullptr)
    return fail(Status::invalid_command, "6: there is no command " + hex_number(message[0]));
  if (row->present != nullptr && !row->present(session.key))
    return fail(Status::invalid_command, "this key is set up without " + std::string{row->name});
  const ByteView encoded = message.subspan(1);
  if (!row->takes_parameters && !encoded.empty())
    return fail(Status::invalid_length, std::string{row->name} + " takes no parameters");

  cbor::Value parameters{cbor::Map{}};
  if (!encoded.empty()) {
    auto decoded = cbor::decode(encoded);
    if (!decoded) return fail(Status::invalid_cbor, "8: the parameters: " + decoded.error());
    parameters = *std::move(decoded);
  }
  const auto* map = parameters.as<cbor::Map>();
  if (map == nullptr) {
    return fail(Status::cbor_unexpected_type,
                std::string{"the parameters are of type "} + type_of(parameters) + ", not map");
  }
  Request request{session, exchange, *map, std::move(sequence)};
  return row->run(request);
}

}  // namespace

Bytes process(Session& session, ByteView message, const Exchange& exchange) {
  const auto response = run(session, message, exchange);
  if (!response) {
    const auto& refusal = response.error();
    const auto command = message.empty() ? std::string_view{} : command_name(message[0]);
    spdlog::debug("{}: {}: {}", command, name_of(refusal.status), refusal.why);
    if (exchange.on_refusal) exchange.on_refusal(refusal.why);
    return {static_cast<std::uint8_t>(refusal.status)};
  }
  Bytes answer{static_cast<std::uint8_t>(Status::ok)};
  if (response->as<cbor::Null>() == nullptr) append(answer, cbor::encode(*response));
  return answer;
}

std::string_view command_name(std::uint8_t command) {
  const auto* row = row_of(command);
  return row != nullptr ? row->name : std::string_view{};
}

}  // namespace fauxkey::ctap
