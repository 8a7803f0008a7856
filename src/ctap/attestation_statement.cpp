#include "ctap/attestation_statement.h"

#include "authenticator/credential_keys.h"

namespace fauxkey::ctap {
namespace {

bool prefers_none(const std::vector<std::string>& preference) {
  for (const auto& format : preference) {
    if (format == "none") return true;
    if (std::ranges::find(kAttestationFormats, format) != kAttestationFormats.end()) return false;
  }
  return false;
}

}  // namespace

AttestationStatement attest(const Authenticator& key, const Credential& credential, ByteView auth_data,
                            ByteView client_data_hash, const std::vector<std::string>& preference) {
  if (prefers_none(preference)) return {"none", cbor::Map{}};
  Bytes to_sign{auth_data.begin(), auth_data.end()};
  append(to_sign, client_data_hash);
  // WebAuthn 8.2: with x5c the attestation key signs, without it the credential's own.
  if (key.config().attestation == AttestationStyle::packed_self) {
    return {"packed",
            cbor::Map{{"alg", static_cast<int>(credential.algorithm)}, {"sig", sign(credential, to_sign)}}};
  }
  return {"packed", cbor::Map{{"alg", static_cast<int>(Algorithm::es256)},
                              {"sig", key.attestation().sign(to_sign)},
                              {"x5c", cbor::Array{key.attestation().leaf()}}}};
}

}  // namespace fauxkey::ctap
