#include "control/faults/request.h"

#include <algorithm>
#include <array>

#include "cbor/cbor.h"
#include "control/faults/members.h"
#include "crypto/hash.h"

namespace fauxkey::control::faults {
namespace {

constexpr std::uint8_t kMakeCredential = 0x01, kClientPin = 0x06, kGetNextAssertion = 0x08,
                       kCredentialManagement = 0x0A, kCredentialManagementPreview = 0x41;

constexpr std::array kCommands{
    CommandRow{.name = "makeCredential", .command = kMakeCredential, .kind = kRegistration},
    CommandRow{.name = "getAssertion", .command = kGetAssertion, .kind = kAssertion},
    CommandRow{.name = "getInfo", .command = 0x04},
    CommandRow{.name = "clientPIN", .command = kClientPin, .sub_command = 2},
    CommandRow{.name = "reset", .command = 0x07},
    CommandRow{.name = "getNextAssertion", .command = kGetNextAssertion, .kind = kAssertion},
    CommandRow{.name = "bioEnrollment", .command = 0x09, .sub_command = 2},
    CommandRow{.name = "credentialManagement", .command = kCredentialManagement, .sub_command = 1},
    CommandRow{.name = "selection", .command = 0x0B},
    CommandRow{.name = "largeBlobs", .command = 0x0C},
    CommandRow{.name = "config", .command = 0x0D, .sub_command = 1},
    CommandRow{.name = "credentialManagement", .command = kCredentialManagementPreview, .sub_command = 1},
    CommandRow{.name = "u2f.register", .command = 0x01, .kind = kU2fRegistration},
    CommandRow{.name = "u2f.authenticate", .command = 0x02, .kind = kU2fAssertion},
    CommandRow{.name = "u2f.version", .command = 0x03, .kind = kOtherU2f},
};

const CommandRow* row_of(std::uint8_t command, bool u2f) {
  const auto* const found = std::ranges::find_if(kCommands, [&](const CommandRow& row) {
    return row.command == command && ((row.kind & kU2f) != 0) == u2f;
  });
  return found == kCommands.end() ? nullptr : found;
}

std::optional<RpIdHash> hash_of(const std::string* rp_id) {
  if (rp_id == nullptr) return std::nullopt;
  return crypto::sha256(*rp_id);
}

/// Where each command has its relying party (CTAP 2.3, 6.1 to 6.8).
std::optional<RpIdHash> relying_party(std::uint8_t command, const cbor::Map& parameters) {
  if (command == kMakeCredential) {
    const auto* rp = member<cbor::Map>(parameters, 2);
    return hash_of(rp != nullptr ? member<std::string>(*rp, "id") : nullptr);
  }
  if (command == kGetAssertion) return hash_of(member<std::string>(parameters, 1));
  if (command == kClientPin) return hash_of(member<std::string>(parameters, 0x0A));
  if (command == kCredentialManagement || command == kCredentialManagementPreview) {
    const auto* params = member<cbor::Map>(parameters, 2);
    const auto* hash = params != nullptr ? member<Bytes>(*params, 1) : nullptr;
    RpIdHash rp_id_hash{};
    if (hash == nullptr || hash->size() != rp_id_hash.size()) return std::nullopt;
    std::ranges::copy(*hash, rp_id_hash.begin());
    return rp_id_hash;
  }
  return std::nullopt;
}

std::optional<cbor::Value> parameters_of(ByteView message) {
  if (message.size() < 2) return std::nullopt;
  auto decoded = cbor::decode(message.subspan(1));
  if (!decoded || decoded->as<cbor::Map>() == nullptr) return std::nullopt;
  return *std::move(decoded);
}

/// The data of a command APDU (ISO 7816-4): Lc is one byte or, after a zero, two.
ByteView data_of(ByteView apdu) {
  if (apdu.size() < 5) return {};
  std::size_t length = apdu[4];
  ByteView rest = apdu.subspan(5);
  if (length == 0 && rest.size() >= 2) {
    length = std::size_t{rest[0]} << 8U | rest[1];
    rest = rest.subspan(2);
  }
  return rest.first(std::min(length, rest.size()));
}

}  // namespace

std::span<const CommandRow> commands() { return kCommands; }

Request describe_ctap(ByteView message, ByteView get_assertion) {
  Request request;
  if (message.empty()) return request;
  request.command = message[0];
  const auto* const row = row_of(request.command, false);
  if (row != nullptr) {
    request.kind = row->kind;
    request.name = row->name;
  }
  // getNextAssertion has no parameters; it is for whom the getAssertion before it was.
  const bool next = request.command == kGetNextAssertion;
  const auto parameters = parameters_of(next ? get_assertion : message);
  if (!parameters) return request;
  const auto& map = *parameters->as<cbor::Map>();
  request.rp_id_hash = relying_party(next ? kGetAssertion : request.command, map);
  if (request.kind == kRegistration || request.kind == kAssertion) {
    const auto* hash = member<Bytes>(map, request.kind == kRegistration ? 1 : 2);
    if (hash != nullptr) request.client_data_hash = *hash;
  }
  if (row != nullptr && row->sub_command != 0) {
    const auto* value = cbor::find(map, row->sub_command);
    const auto* number = value != nullptr ? value->as_unsigned() : nullptr;
    if (number != nullptr) request.sub_command = *number;
  }
  return request;
}

Request describe_u2f(ByteView apdu) {
  Request request{.kind = kOtherU2f};
  if (apdu.size() < 2) return request;
  request.command = apdu[1];
  if (const auto* const row = row_of(request.command, true)) {
    request.kind = row->kind;
    request.name = row->name;
  }
  // FIDO U2F Raw Message Formats 1.2, 4.1 and 5.1: challenge 32, application 32, then length and key handle.
  constexpr std::size_t kChallenge = 32;
  RpIdHash application{};
  const ByteView data = data_of(apdu);
  if ((request.kind & kSigned) == 0 || data.size() < kChallenge + application.size()) return request;
  request.client_data_hash.assign(data.begin(), data.begin() + kChallenge);
  std::ranges::copy(data.subspan(kChallenge, application.size()), application.begin());
  request.rp_id_hash = application;
  const ByteView rest = data.subspan(kChallenge + application.size());
  if (!rest.empty() && rest.size() > rest[0]) {
    const auto handle = rest.subspan(1, rest[0]);
    request.key_handle.assign(handle.begin(), handle.end());
  }
  return request;
}

}  // namespace fauxkey::control::faults
