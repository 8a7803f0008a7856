// Extension identifiers: getInfo's list and the members of requests and answers.
#pragma once

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

[[nodiscard]] inline std::vector<std::string> extension_identifiers(const Authenticator& key) {
  std::vector<std::string> names{kCredBlob, kCredProtect, kHmacSecret, kHmacSecretMc, kThirdPartyPayment};
  if (key.config().client_pin) names.insert(names.end(), {kMinPinLength, kPinComplexityPolicy});
  if (key.config().discoverable)
    names.emplace_back(key.has_large_blobs_command() ? kLargeBlobKey : kLargeBlob);
  if (key.config().uvm) names.emplace_back(kUvm);
  return names;
}

}  // namespace fauxkey::ctap
