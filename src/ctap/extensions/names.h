// Extension identifiers: getInfo's list and the members of requests and answers.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "authenticator/authenticator.h"
#include "ctap/extensions/cred_protect.h"
#include "ctap/extensions/hmac_secret.h"
#include "ctap/extensions/large_blob.h"
#include "ctap/extensions/uvm.h"

namespace fauxkey::ctap {

inline constexpr const char* kCredBlob = "credBlob";                        // 12.2
inline constexpr const char* kLargeBlobKey = "largeBlobKey";                // 12.3
inline constexpr const char* kMinPinLength = "minPinLength";                // 12.5
inline constexpr const char* kPinComplexityPolicy = "pinComplexityPolicy";  // 12.6
inline constexpr const char* kThirdPartyPayment = "thirdPartyPayment";      // 12.9

/// What the PIN's policy is told by is there where there can be a PIN.
[[nodiscard]] inline bool has_min_pin_length(const Authenticator& key) {
  return key.features().min_pin_length && key.config().client_pin;
}
[[nodiscard]] inline bool has_pin_complexity_policy(const Authenticator& key) {
  return key.features().pin_complexity_policy && key.config().client_pin;
}

[[nodiscard]] inline std::vector<std::string> extension_identifiers(const Authenticator& key) {
  const auto& features = key.features();
  const std::initializer_list<std::pair<bool, const char*>> rows{
      {features.cred_blob, kCredBlob},
      {features.cred_protect, kCredProtect},
      {features.hmac_secret, kHmacSecret},
      {features.hmac_secret_mc, kHmacSecretMc},
      {features.third_party_payment, kThirdPartyPayment},
      {has_min_pin_length(key), kMinPinLength},
      {has_pin_complexity_policy(key), kPinComplexityPolicy},
      {key.has_large_blobs_command(), kLargeBlobKey},
      {key.has_large_blob_extension(), kLargeBlob},
      {key.config().uvm, kUvm}};
  std::vector<std::string> names;
  names.reserve(rows.size());
  for (const auto& [present, name] : rows) {
    if (present) names.emplace_back(name);
  }
  return names;
}

}  // namespace fauxkey::ctap
