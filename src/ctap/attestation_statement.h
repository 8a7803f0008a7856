// Attestation statements (WebAuthn 8): what makeCredential says of the key that made the credential.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authenticator/authenticator.h"
#include "cbor/cbor.h"
#include "ctap/reader.h"
#include "fauxkey/attestation_variant.h"

namespace fauxkey::ctap {

/// Those that such a key makes, getInfo's attestationFormats; "none", which is made when asked for, is not
/// listed.
[[nodiscard]] std::vector<std::string_view> attestation_formats(const KeyConfig& config);

/// Whether a request's enterpriseAttestation (CTAP 2.3, 6.1.2, step 9) lets the attestation name this one
/// key. INVALID_PARAMETER where the feature is not there or off, INVALID_OPTION for a value that there is
/// not.
[[nodiscard]] Result<bool> allows_enterprise_attestation(const Authenticator& key,
                                                         const std::optional<std::uint64_t>& level,
                                                         const std::string& rp_id);

/// What a request's attestationFormatsPreference holds; none where it is absent.
[[nodiscard]] std::vector<std::string> read_attestation_formats_preference(Reader& reader, Member member);

/// How a credential of that algorithm is attested. `preference`: the platform's formats, the most wanted
/// first; where it names none that this key makes, the key chooses. `enterprise`: by the certificate that
/// names this one key.
[[nodiscard]] AttestationStyle choose_attestation(const KeyConfig& config, Algorithm algorithm,
                                                  const std::vector<std::string>& preference,
                                                  bool enterprise);
/// The AAGUID of the authenticator data: U2F has none (WebAuthn 8.6).
[[nodiscard]] Aaguid told_aaguid(const KeyConfig& config, AttestationStyle style);

struct AttestationStatement {
  std::string format;
  cbor::Value statement;
  bool enterprise = false;
};

/// Over authData and clientDataHash.
[[nodiscard]] AttestationStatement attest(Authenticator& key, AttestationStyle style,
                                          const Credential& credential, ByteView auth_data,
                                          ByteView client_data_hash, bool enterprise);
/// Nothing where this key has no such credential, and where the format is none, or not for this algorithm, or
/// without that variant.
[[nodiscard]] std::optional<cbor::Value> attest_anew(Authenticator& key, const AttestationRequest& request);

}  // namespace fauxkey::ctap
