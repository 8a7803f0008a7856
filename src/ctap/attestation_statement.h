// Attestation statements (WebAuthn 8): what makeCredential says of the key that made the credential.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "authenticator/authenticator.h"
#include "cbor/cbor.h"
#include "ctap/reader.h"

namespace fauxkey::ctap {

/// Those that this key makes of itself, getInfo's attestationFormats; "none" is made when asked for.
inline constexpr std::array<std::string_view, 1> kAttestationFormats{"packed"};

/// Whether a request's enterpriseAttestation (CTAP 2.3, 6.1.2, step 9) lets the attestation name this one
/// key. INVALID_PARAMETER where the feature is not there or off, INVALID_OPTION for a value that there is
/// not.
[[nodiscard]] Result<bool> allows_enterprise_attestation(const Authenticator& key,
                                                         const std::optional<std::uint64_t>& level,
                                                         const std::string& rp_id);

/// What a request's attestationFormatsPreference holds; none where it is absent.
[[nodiscard]] std::vector<std::string> read_attestation_formats_preference(Reader& reader, Member member);

struct AttestationStatement {
  std::string format;
  cbor::Value statement;
  bool enterprise = false;
};

/// Over authData and clientDataHash. `preference`: the platform's formats, the most wanted first; where it
/// names none that this key makes, the key chooses. `enterprise`: by the certificate that names this one key.
[[nodiscard]] AttestationStatement attest(const Authenticator& key, const Credential& credential,
                                          ByteView auth_data, ByteView client_data_hash,
                                          const std::vector<std::string>& preference, bool enterprise);

}  // namespace fauxkey::ctap
