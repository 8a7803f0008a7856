// getAssertion's extensions (CTAP 2.3, 12) together.
#pragma once

#include <optional>

#include "ctap/extensions/hmac_secret.h"
#include "ctap/extensions/large_blob.h"
#include "ctap/verification.h"

namespace fauxkey::ctap {

struct AssertionExtensions {
  std::optional<HmacSecretInput> hmac_secret;
  bool cred_blob = false;
  bool large_blob_key = false;
  bool third_party_payment = false;
  std::optional<LargeBlobRequest> large_blob;
  bool uvm = false;
};

/// `inputs` may be nullptr: none. UNSUPPORTED_OPTION for hmac-secret without user presence (12.7).
[[nodiscard]] Result<AssertionExtensions> read_assertion_extensions(const cbor::Map* inputs,
                                                                    bool user_present,
                                                                    const Authenticator& key,
                                                                    PinUvAuth& auth);

/// The outputs that authenticator data carries; largeBlobKey's is a member of the response instead.
[[nodiscard]] cbor::Map assertion_outputs(const AssertionExtensions& extensions, const Authenticator& key,
                                          const Credential& credential, Verification verification);

}  // namespace fauxkey::ctap
