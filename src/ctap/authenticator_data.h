// Authenticator data (WebAuthn 6.1): what an attestation or assertion signs, beside the client data's hash.
#pragma once

#include <cstdint>

#include "cbor/cbor.h"
#include "fauxkey/bytes.h"
#include "fauxkey/credential.h"

namespace fauxkey::ctap {

struct AuthenticatorData {
  const RpIdHash& rp_id_hash;
  bool user_present = false;
  bool user_verified = false;
  bool backup_eligible = false;
  bool backed_up = false;
  std::uint32_t sign_count = 0;
  /// Extension outputs by extension identifier; none, no extension data.
  cbor::Map extensions;
};

/// For an assertion.
[[nodiscard]] Bytes encode(const AuthenticatorData& data);
/// For a registration: with attested credential data (WebAuthn 6.5.1).
[[nodiscard]] Bytes encode_attested(const AuthenticatorData& data, const Aaguid& aaguid,
                                    const Credential& credential);

}  // namespace fauxkey::ctap
