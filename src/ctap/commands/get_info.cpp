// authenticatorGetInfo, 0x04 (CTAP 2.3, 6.4): all of it is derived from the key's persona, build and state.
#include "ctap/get_info.h"
#include "authenticator/large_blobs.h"
#include "ctap/attestation_statement.h"
#include "ctap/authenticator_config.h"
#include "ctap/dispatch.h"
#include "ctap/extensions/names.h"

namespace fauxkey::ctap {
namespace info {
namespace {

// FIDO Registry of Predefined Values, 3.1. A prompt on the screen is none of its methods; "pattern_internal"
// is the one that says as little as it.
constexpr int kFingerprintInternal = 0x02, kPatternInternal = 0x80;
constexpr int kUvAttempts = 3;

cbor::Value number(std::size_t value) { return static_cast<std::uint64_t>(value); }

cbor::Array versions(const Authenticator& key) {
  cbor::Array list;
  // U2F cannot verify the user, so it is not there while alwaysUv is on (7.2.4).
  if (!key.settings().always_uv) list.emplace_back("U2F_V2");
  list.emplace_back("FIDO_2_0");
  if (key.config().newest_version >= CtapVersion::fido_2_1) list.emplace_back("FIDO_2_1");
  if (key.config().newest_version >= CtapVersion::fido_2_3) list.emplace_back("FIDO_2_3");
  return list;
}

cbor::Map options(const Authenticator& key) {
  const auto& settings = key.settings();
  // What takes a token is there where there is a way to one.
  const bool tokens = key.can_verify_users();
  cbor::Map map{{"rk", key.config().discoverable},
                {"up", true},
                {"plat", false},
                {"pinUvAuthToken", tokens},
                {"authnrCfg", true},
                {"credMgmt", tokens},
                {"credentialMgmtPreview", tokens},
                {"perCredMgmtRO", tokens},
                {"alwaysUv", settings.always_uv},
                {"makeCredUvNotRqd", !settings.always_uv}};
  if (key.config().client_pin) {
    map.emplace_back("clientPin", key.pin().is_set());
    map.emplace_back("setMinPINLength", true);
  }
  if (key.has_large_blobs_command()) map.emplace_back("largeBlobs", true);
  if (key.config().enterprise) map.emplace_back("ep", settings.enterprise_attestation);
  if (key.supports_built_in_uv()) {
    map.emplace_back("uv", key.has_built_in_uv());
    map.emplace_back("uvAcfg", true);
  }
  if (key.supports_fingerprints()) {
    map.emplace_back("bioEnroll", key.has_built_in_uv());
    map.emplace_back("userVerificationMgmtPreview", key.has_built_in_uv());
    map.emplace_back("uvBioEnroll", true);
  }
  return map;
}

cbor::Array algorithms(const Authenticator& key) {
  cbor::Array list;
  for (const auto algorithm : key.algorithms()) {
    list.emplace_back(cbor::Map{{"alg", static_cast<int>(algorithm)}, {"type", kPublicKey}});
  }
  return list;
}

template <class Range>
cbor::Array texts(const Range& range) {
  cbor::Array list;
  for (const auto& text : range) list.emplace_back(std::string{text});
  return list;
}

template <class Range>
cbor::Array numbers(const Range& range) {
  cbor::Array list;
  for (const auto value : range) list.emplace_back(static_cast<std::uint8_t>(value));
  return list;
}

}  // namespace

Response describe(Authenticator& key) {
  const auto& settings = key.settings();
  const auto count = key.discoverable_count();
  if (!count) return fail(count.error());
  const auto store_state = key.identity().encrypted_store_state();
  if (!store_state) return fail(store_state.error());

  cbor::Map map{
      {kVersions, versions(key)},
      {kExtensions, texts(extension_identifiers(key))},
      {kAaguid, cbor::Value::bytes(key.config().persona.aaguid)},
      {kOptions, options(key)},
      {kMaxMsgSize, number(kMaxMessageSize)},
      {kPinUvAuthProtocols, numbers(PinUvAuth::kVersions)},
      {kMaxCredentialCountInList, number(Authenticator::kMaxCredentialCountInList)},
      {kMaxCredentialIdLength, number(Authenticator::kMaxCredentialIdLength)},
      {kTransports, cbor::Array{"usb"}},
      {kAlgorithms, algorithms(key)},
      {kFirmwareVersion, key.config().persona.firmware_version},
      {kMaxCredBlobLength, number(Authenticator::kMaxCredBlobLength)},
      {kRemainingDiscoverableCredentials, number(Authenticator::remaining_discoverable(*count))},
      {kLongTouchForReset, settings.long_touch_for_reset},
      {kEncIdentifier, key.identity().encrypted_identifier()},
      {kTransportsForReset, cbor::Array{"usb"}},
      {kEncCredStoreState, *store_state},
      {kAuthenticatorConfigCommands, numbers(config_sub_commands(key))},
  };
  // The list has no "none", and is not empty.
  if (const auto formats = attestation_formats(key.config()); !formats.empty())
    map.emplace_back(kAttestationFormats, texts(formats));
  if (key.config().client_pin) {
    map.emplace_back(kForcePinChange, settings.force_pin_change);
    map.emplace_back(kMinPinLength, settings.min_pin_length);
    map.emplace_back(kMaxRpIdsForSetMinPinLength, number(Settings::kMaxMinPinLengthRpIds));
    map.emplace_back(kPinComplexityPolicy, settings.pin_complexity_policy);
    map.emplace_back(kMaxPinLength, number(Pin::kMaxBytes));
  }
  if (key.has_large_blobs_command())
    map.emplace_back(kMaxSerializedLargeBlobArray, number(LargeBlobs::kMaxSize));
  if (key.supports_built_in_uv()) {
    map.emplace_back(kPreferredPlatformUvAttempts, kUvAttempts);
    map.emplace_back(kUvModality, key.supports_fingerprints() ? kFingerprintInternal : kPatternInternal);
    map.emplace_back(kUvCountSinceLastPinEntry, key.built_in_uv().count_since_pin());
  }
  return map;
}

}  // namespace info

Response get_info(Request& call) { return info::describe(call.session.key); }

}  // namespace fauxkey::ctap
