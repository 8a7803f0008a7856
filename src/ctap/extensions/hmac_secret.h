// The hmac-secret extension (CTAP 2.3, 12.7): a symmetric secret for each credential, salted by the platform;
// and hmac-secret-mc (12.8), which gives its output with the registration already.
#pragma once

#include <optional>

#include "ctap/pin_uv_auth.h"
#include "fauxkey/credential.h"

namespace fauxkey::ctap {

inline constexpr const char* kHmacSecret = "hmac-secret";
inline constexpr const char* kHmacSecretMc = "hmac-secret-mc";

/// The input, decrypted: what getNextAssertion needs again.
struct HmacSecretInput {
  const PinProtocol* protocol = nullptr;
  SharedSecret shared_secret;
  SecretBytes salts;  ///< one or two of 32 bytes
};

/// Reads and checks the input map. INVALID_PARAMETER for a key or salts that cannot be right,
/// PIN_AUTH_INVALID where saltAuth does not fit.
[[nodiscard]] Result<HmacSecretInput> read_hmac_secret(const cbor::Map& input, PinUvAuth& auth);

/// HMAC-SHA-256 of each salt by the credential's CredRandom, encrypted for the platform.
[[nodiscard]] Bytes hmac_secret_output(const HmacSecretInput& input, const Credential& credential,
                                       bool user_verified);

}  // namespace fauxkey::ctap
