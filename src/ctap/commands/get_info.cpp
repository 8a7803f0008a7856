// authenticatorGetInfo, 0x04 (CTAP 2.3, 6.4): all of it is derived from the key's persona, build and state.
#include "ctap/get_info.h"
#include "ctap/attestation_statement.h"
#include "ctap/authenticator_config.h"
#include "ctap/extensions/names.h"

namespace fauxkey::ctap {
namespace info {
namespace {

// FIDO Registry of Predefined Values, 3.1. A prompt on the screen is none of its methods; "pattern_internal"
// is the one that says as little as it.
constexpr int kFingerprintInternal = 0x02, kPatternInternal = 0x80;

cbor::Value number(std::size_t value) { return static_cast<std::uint64_t>(value); }

cbor::Array versions(const Authenticator& key) {
  const auto& features = key.features();
  const auto newest = key.config().newest_version;
  cbor::Array list;
  // U2F cannot verify the user, so it is not there while alwaysUv is on (7.2.4).
  if (features.u2f && !key.settings().always_uv) list.emplace_back("U2F_V2");
  list.emplace_back("FIDO_2_0");
  if (features.fido_2_1_pre && newest >= CtapVersion::fido_2_1) list.emplace_back("FIDO_2_1_PRE");
  if (newest >= CtapVersion::fido_2_1) list.emplace_back("FIDO_2_1");
  if (newest >= CtapVersion::fido_2_3) list.emplace_back("FIDO_2_3");
  return list;
}

cbor::Map options(const Authenticator& key) {
  const auto& settings = key.settings();
  const auto& features = key.features();
  const bool has_uv = key.supports_built_in_uv();
  const bool fingerprints = key.supports_fingerprints();
  const bool management = key.has_credential_management();
  // Those that are false rather than absent where the key can have what they name, but has not yet.
  struct Row {
    const char* name;
    bool present;
    bool value;
  };
  const std::initializer_list<Row> rows{
      {"rk", true, key.config().discoverable},
      {"up", true, true},
      {"plat", true, features.plat},
      {"clientPin", key.config().client_pin, key.pin().is_set()},
      {"uv", has_uv, key.has_built_in_uv()},
      {"pinUvAuthToken", features.pin_uv_auth_token, key.can_verify_users()},
      {"credMgmt", features.cred_mgmt, management},
      {"credentialMgmtPreview", features.credential_mgmt_preview, management},
      {"perCredMgmtRO", features.per_cred_mgmt_ro, management},
      {"bioEnroll", fingerprints, key.has_built_in_uv()},
      {"userVerificationMgmtPreview", fingerprints && features.user_verification_mgmt_preview,
       key.has_built_in_uv()},
      {"uvBioEnroll", fingerprints && features.uv_bio_enroll, true},
      {"authnrCfg", features.authnr_cfg, true},
      {"uvAcfg", has_uv && features.authnr_cfg && features.uv_acfg, true},
      {"alwaysUv", key.has_always_uv(), settings.always_uv},
      {"makeCredUvNotRqd", features.make_cred_uv_not_rqd, !settings.always_uv},
      {"setMinPINLength", key.sets_min_pin_length(), true},
      {"largeBlobs", key.has_large_blobs_command(), true},
      {"ep", key.config().enterprise.has_value(), settings.enterprise_attestation}};
  cbor::Map map;
  map.reserve(rows.size());
  for (const auto& row : rows) {
    if (row.present) map.emplace_back(row.name, row.value);
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

/// Members that came with CTAP 2.1.
void add_of_2_1(cbor::Map& map, const Authenticator& key, std::size_t discoverable) {
  const auto& limits = key.limits();
  const auto& settings = key.settings();
  map.emplace_back(kMaxCredentialCountInList, number(limits.max_credential_count_in_list));
  map.emplace_back(kMaxCredentialIdLength, number(limits.max_credential_id_length));
  map.emplace_back(kTransports, texts(key.persona().transports));
  map.emplace_back(kAlgorithms, algorithms(key));
  map.emplace_back(kFirmwareVersion, key.persona().firmware_version);
  if (key.features().cred_blob) map.emplace_back(kMaxCredBlobLength, number(limits.max_cred_blob_length));
  if (key.config().discoverable)
    map.emplace_back(kRemainingDiscoverableCredentials, number(key.remaining_discoverable(discoverable)));
  if (key.config().client_pin) {
    map.emplace_back(kForcePinChange, settings.force_pin_change);
    map.emplace_back(kMinPinLength, settings.min_pin_length);
  }
  if (key.sets_min_pin_length())
    map.emplace_back(kMaxRpIdsForSetMinPinLength, number(limits.max_rp_ids_for_set_min_pin_length));
  if (key.has_large_blobs_command())
    map.emplace_back(kMaxSerializedLargeBlobArray, number(limits.max_serialized_large_blob_array));
  if (key.supports_built_in_uv()) {
    map.emplace_back(kPreferredPlatformUvAttempts, limits.preferred_platform_uv_attempts);
    map.emplace_back(kUvModality, key.supports_fingerprints() ? kFingerprintInternal : kPatternInternal);
  }
}

/// Members that came with CTAP 2.2 and 2.3.
Result<void> add_of_2_3(cbor::Map& map, Authenticator& key) {
  const auto& settings = key.settings();
  // The list has no "none", and is not empty.
  if (const auto formats = attestation_formats(key.config()); !formats.empty())
    map.emplace_back(kAttestationFormats, texts(formats));
  map.emplace_back(kTransportsForReset, cbor::Array{"usb"});
  if (key.features().authnr_cfg) {
    map.emplace_back(kLongTouchForReset, settings.long_touch_for_reset);
    map.emplace_back(kAuthenticatorConfigCommands, numbers(config_sub_commands(key)));
  }
  if (key.config().client_pin) {
    map.emplace_back(kMaxPinLength, number(Pin::kMaxBytes));
    if (key.features().pin_complexity_policy)
      map.emplace_back(kPinComplexityPolicy, settings.pin_complexity_policy);
  }
  if (key.supports_built_in_uv())
    map.emplace_back(kUvCountSinceLastPinEntry, key.built_in_uv().count_since_pin());
  // By the persistent token, so only where a platform can get that.
  if (!key.has_persistent_token()) return {};
  const auto store_state = key.identity().encrypted_store_state();
  if (!store_state) return fail(store_state.error());
  map.emplace_back(kEncIdentifier, key.identity().encrypted_identifier());
  map.emplace_back(kEncCredStoreState, *store_state);
  return {};
}

}  // namespace

Response describe(Authenticator& key) {
  const auto count = key.discoverable_count();
  if (!count) return fail(count.error());
  cbor::Map map{{kVersions, versions(key)},
                {kAaguid, cbor::Value::bytes(key.persona().aaguid)},
                {kOptions, options(key)},
                {kMaxMsgSize, number(key.limits().max_msg_size)}};
  if (auto extensions = texts(extension_identifiers(key)); !extensions.empty())
    map.emplace_back(kExtensions, std::move(extensions));
  if (key.can_verify_users() || key.features().hmac_secret)
    map.emplace_back(kPinUvAuthProtocols, numbers(key.persona().pin_uv_auth_protocols));
  if (key.knows(CtapVersion::fido_2_1)) add_of_2_1(map, key, *count);
  if (key.knows(CtapVersion::fido_2_3)) {
    if (const auto added = add_of_2_3(map, key); !added) return fail(added.error());
  }
  return map;
}

}  // namespace info

Response get_info(Request& call) { return info::describe(call.session.key); }

}  // namespace fauxkey::ctap
