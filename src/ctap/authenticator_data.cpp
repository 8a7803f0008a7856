#include "ctap/authenticator_data.h"

#include "authenticator/credential_keys.h"

namespace fauxkey::ctap {
namespace {

// WebAuthn 6.1, "flags".
constexpr std::uint8_t kUserPresent = 0x01;
constexpr std::uint8_t kUserVerified = 0x04;
constexpr std::uint8_t kBackupEligible = 0x08;
constexpr std::uint8_t kBackedUp = 0x10;
constexpr std::uint8_t kAttestedCredentialData = 0x40;
constexpr std::uint8_t kExtensionData = 0x80;

Bytes encode_with(const AuthenticatorData& data, ByteView attested_credential_data) {
  std::uint8_t flags = 0;
  if (data.user_present) flags |= kUserPresent;
  if (data.user_verified) flags |= kUserVerified;
  if (data.backup_eligible) flags |= kBackupEligible;
  // 6.1.3: what is not eligible is not backed up.
  if (data.backup_eligible && data.backed_up) flags |= kBackedUp;
  if (!attested_credential_data.empty()) flags |= kAttestedCredentialData;
  if (!data.extensions.empty()) flags |= kExtensionData;

  Bytes out{data.rp_id_hash.begin(), data.rp_id_hash.end()};
  out.push_back(flags);
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(data.sign_count >> shift));
  append(out, attested_credential_data);
  if (!data.extensions.empty()) append(out, cbor::encode(data.extensions));
  return out;
}

}  // namespace

Bytes encode(const AuthenticatorData& data) { return encode_with(data, {}); }

Bytes encode_attested(const AuthenticatorData& data, const Aaguid& aaguid, const Credential& credential) {
  Bytes attested{aaguid.begin(), aaguid.end()};
  attested.push_back(static_cast<std::uint8_t>(credential.id.size() >> 8));
  attested.push_back(static_cast<std::uint8_t>(credential.id.size()));
  append(attested, credential.id);
  append(attested, cbor::encode(cose_public_key(credential)));
  return encode_with(data, attested);
}

}  // namespace fauxkey::ctap
