// Attestation statements (WebAuthn 8): what makeCredential says of the key that made the credential.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "authenticator/authenticator.h"
#include "cbor/cbor.h"

namespace fauxkey::ctap {

/// Those that this key makes of itself, getInfo's attestationFormats; "none" is made when asked for.
inline constexpr std::array<std::string_view, 1> kAttestationFormats{"packed"};

struct AttestationStatement {
  std::string format;
  cbor::Value statement;
};

/// Over authData and clientDataHash. `preference`: the platform's formats, the most wanted first; where it
/// names none that this key makes, the key chooses.
[[nodiscard]] AttestationStatement attest(const Authenticator& key, const Credential& credential,
                                          ByteView auth_data, ByteView client_data_hash,
                                          const std::vector<std::string>& preference);

}  // namespace fauxkey::ctap
