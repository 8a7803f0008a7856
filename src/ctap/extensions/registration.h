// makeCredential's extensions (CTAP 2.3, 12) together: what a request asks of them and what they answer.
#pragma once

#include <optional>
#include <string>

#include "authenticator/authenticator.h"
#include "ctap/extensions/cred_protect.h"
#include "ctap/extensions/hmac_secret.h"
#include "ctap/extensions/large_blob.h"
#include "ctap/verification.h"

namespace fauxkey::ctap {

struct RegistrationExtensions {
  std::optional<CredProtect> cred_protect;
  std::optional<Bytes> cred_blob;
  bool hmac_secret = false;
  std::optional<HmacSecretInput> hmac_secret_mc;
  bool large_blob_key = false;
  bool min_pin_length = false;
  bool pin_complexity_policy = false;
  bool third_party_payment = false;
  std::optional<LargeBlobSupport> large_blob;
  bool uvm = false;
};

/// `inputs` may be nullptr: none. INVALID_OPTION, MISSING_PARAMETER and so on as each extension's section
/// says.
[[nodiscard]] Result<RegistrationExtensions> read_registration_extensions(const cbor::Map* inputs,
                                                                          bool discoverable,
                                                                          const Authenticator& key,
                                                                          PinUvAuth& auth);

/// What the new credential keeps of them.
void apply(const RegistrationExtensions& extensions, const Limits& limits, NewCredential& credential);

/// The outputs that authenticator data carries.
[[nodiscard]] cbor::Map registration_outputs(const RegistrationExtensions& extensions,
                                             const Authenticator& key, const Credential& credential,
                                             Verification verification);

/// Those that it does not.
[[nodiscard]] cbor::Map unsigned_registration_outputs(const RegistrationExtensions& extensions,
                                                      const Credential& credential);

}  // namespace fauxkey::ctap
