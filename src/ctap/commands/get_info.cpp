// authenticatorGetInfo, 0x04 (CTAP 2.3, 6.4): all of it is derived from the key's persona, build and state.
#include "authenticator/credential_keys.h"
#include "ctap/command.h"
#include "ctap/dispatch.h"
#include "ctap/extensions/cred_protect.h"

namespace fauxkey::ctap {
namespace {

constexpr int kVersions = 0x01, kExtensions = 0x02, kAaguid = 0x03, kOptions = 0x04, kMaxMsgSize = 0x05,
              kPinUvAuthProtocols = 0x06, kMaxCredentialCountInList = 0x07, kMaxCredentialIdLength = 0x08,
              kTransports = 0x09, kAlgorithms = 0x0A, kMinPinLength = 0x0D, kFirmwareVersion = 0x0E,
              kRemainingDiscoverableCredentials = 0x14;

cbor::Array algorithms() {
  cbor::Array list;
  for (const auto algorithm : supported_algorithms()) {
    list.emplace_back(cbor::Map{{"alg", static_cast<int>(algorithm)}, {"type", kPublicKey}});
  }
  return list;
}

}  // namespace

Response get_info(Request& call) {
  auto& key = call.session.key;
  const auto count = key.discoverable_count();
  if (!count) return fail(count.error());
  cbor::Array protocols;
  for (const auto version : PinUvAuth::kVersions) protocols.emplace_back(version);

  return cbor::Map{
      {kVersions, cbor::Array{"U2F_V2", "FIDO_2_0", "FIDO_2_1"}},
      {kExtensions, cbor::Array{kCredProtect, kHmacSecret}},
      {kAaguid, cbor::Value::bytes(key.config().persona.aaguid)},
      {kOptions, cbor::Map{{"rk", true},
                           {"up", true},
                           {"plat", false},
                           {"clientPin", key.pin().is_set()},
                           {"pinUvAuthToken", true},
                           {"credMgmt", true},
                           {"credentialMgmtPreview", true},
                           {"makeCredUvNotRqd", true}}},
      {kMaxMsgSize, static_cast<std::uint64_t>(kMaxMessageSize)},
      {kPinUvAuthProtocols, std::move(protocols)},
      {kMaxCredentialCountInList, static_cast<std::uint64_t>(Authenticator::kMaxCredentialCountInList)},
      {kMaxCredentialIdLength, static_cast<std::uint64_t>(Authenticator::kMaxCredentialIdLength)},
      {kTransports, cbor::Array{"usb"}},
      {kAlgorithms, algorithms()},
      {kMinPinLength, static_cast<std::uint64_t>(Pin::kDefaultMinCodePoints)},
      {kFirmwareVersion, key.config().persona.firmware_version},
      {kRemainingDiscoverableCredentials,
       static_cast<std::uint64_t>(Authenticator::kMaxDiscoverableCredentials - *count)},
  };
}

}  // namespace fauxkey::ctap
