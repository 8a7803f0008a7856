#include "ctap/attestation_statement.h"

#include <algorithm>

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

AttestationStatement packed(const AttestationKey& by, ByteView to_sign, bool enterprise) {
  return {"packed",
          cbor::Map{{"alg", static_cast<int>(Algorithm::es256)},
                    {"sig", by.sign(to_sign)},
                    {"x5c", cbor::Array{by.certificate()}}},
          enterprise};
}

}  // namespace

Result<bool> allows_enterprise_attestation(const Authenticator& key,
                                           const std::optional<std::uint64_t>& level,
                                           const std::string& rp_id) {
  constexpr std::uint64_t kVendorFacilitated = 1, kPlatformManaged = 2;
  if (!level) return false;
  if (!key.config().enterprise)
    return fail(Status::invalid_parameter, "the key has no enterprise attestation (option ep is absent)");
  if (!key.settings().enterprise_attestation)
    return fail(Status::invalid_parameter, "enterprise attestation is off (option ep is false)");
  if (*level == kPlatformManaged) return true;
  if (*level != kVendorFacilitated)
    return fail(Status::invalid_option,
                "enterpriseAttestation is " + std::to_string(*level) + ", not 1 or 2");
  const auto& rp_ids = key.config().enterprise->rp_ids;
  return std::ranges::find(rp_ids, rp_id) != rp_ids.end();
}

std::vector<std::string> read_attestation_formats_preference(Reader& reader, Member member) {
  std::vector<std::string> preference;
  const auto* formats = reader.optional<cbor::Array>(member);
  if (formats == nullptr) return preference;
  for (const auto& format : *formats) {
    const auto* text = format.as<std::string>();
    if (text == nullptr) {
      reader.note_type("an entry of attestationFormatsPreference", format, std::string{});
    } else {
      preference.push_back(*text);
    }
  }
  return preference;
}

AttestationStatement attest(const Authenticator& key, const Credential& credential, ByteView auth_data,
                            ByteView client_data_hash, const std::vector<std::string>& preference,
                            bool enterprise) {
  if (prefers_none(preference)) return {"none", cbor::Map{}};
  Bytes to_sign{auth_data.begin(), auth_data.end()};
  append(to_sign, client_data_hash);
  // WebAuthn 8.2: with x5c the attestation key signs, without it the credential's own.
  if (enterprise) return packed(*key.attestation().enterprise(), to_sign, true);
  if (key.config().attestation == AttestationStyle::packed_self) {
    return {"packed",
            cbor::Map{{"alg", static_cast<int>(credential.algorithm)}, {"sig", sign(credential, to_sign)}}};
  }
  return packed(key.attestation().leaf(), to_sign, false);
}

}  // namespace fauxkey::ctap
