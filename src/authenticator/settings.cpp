#include "authenticator/settings.h"

#include <algorithm>
#include <stdexcept>

#include "authenticator/store_status.h"
#include "cbor/cbor.h"

namespace fauxkey {
namespace {

// Members of the record.
constexpr int kAlwaysUv = 1, kEnterpriseAttestation = 2, kLongTouchForReset = 3, kForcePinChange = 4,
              kPinComplexityPolicy = 5, kMinPinLength = 6, kMinPinLengthRpIds = 7;

/// Reads the members that are there into `settings`; false for one of a wrong type.
bool read(const cbor::Map& map, Settings& settings) {
  const auto read_flag = [&](int member, bool& flag) {
    const auto* value = cbor::find(map, member);
    if (value == nullptr) return true;
    const auto* typed = value->as<bool>();
    if (typed != nullptr) flag = *typed;
    return typed != nullptr;
  };
  const bool flags = read_flag(kAlwaysUv, settings.always_uv) &&
                     read_flag(kEnterpriseAttestation, settings.enterprise_attestation) &&
                     read_flag(kLongTouchForReset, settings.long_touch_for_reset) &&
                     read_flag(kForcePinChange, settings.force_pin_change) &&
                     read_flag(kPinComplexityPolicy, settings.pin_complexity_policy);
  const auto* length = cbor::find(map, kMinPinLength);
  const auto* rp_ids = cbor::find(map, kMinPinLengthRpIds);
  if (!flags || length == nullptr || length->as_unsigned() == nullptr || rp_ids == nullptr ||
      rp_ids->as<cbor::Array>() == nullptr) {
    return false;
  }
  settings.min_pin_length = *length->as_unsigned();
  for (const auto& rp_id : *rp_ids->as<cbor::Array>()) {
    const auto* text = rp_id.as<std::string>();
    if (text == nullptr) return false;
    settings.min_pin_length_rp_ids.push_back(*text);
  }
  return true;
}

}  // namespace

bool Settings::may_read_pin_policy(const std::string& rp_id) const {
  return std::ranges::find(min_pin_length_rp_ids, rp_id) != min_pin_length_rp_ids.end();
}

Settings load_settings(CredentialStore& store, const Settings& initial) {
  const auto record = store.load(RecordKind::config);
  if (!record) throw std::runtime_error{record.error().message};
  if (!*record) return initial;
  Settings settings;
  const auto decoded = cbor::decode(**record);
  const auto* map = decoded ? decoded->as<cbor::Map>() : nullptr;
  if (map == nullptr || !read(*map, settings)) {
    throw std::runtime_error{
        "The keystore's settings are not ones that this version understands; use the fauxkey that wrote "
        "them."};
  }
  return settings;
}

Result<void> save_settings(CredentialStore& store, const Settings& settings) {
  cbor::Array rp_ids{settings.min_pin_length_rp_ids.begin(), settings.min_pin_length_rp_ids.end()};
  const Bytes record = cbor::encode(cbor::Map{{kAlwaysUv, settings.always_uv},
                                              {kEnterpriseAttestation, settings.enterprise_attestation},
                                              {kLongTouchForReset, settings.long_touch_for_reset},
                                              {kForcePinChange, settings.force_pin_change},
                                              {kPinComplexityPolicy, settings.pin_complexity_policy},
                                              {kMinPinLength, settings.min_pin_length},
                                              {kMinPinLengthRpIds, std::move(rp_ids)}});
  return checked(store.save(RecordKind::config, record));
}

}  // namespace fauxkey
