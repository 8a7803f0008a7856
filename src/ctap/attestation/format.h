// The attestation statement formats (WebAuthn 8), a row for each; nothing else asks which one it is.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "authenticator/attestation_keys.h"
#include "cbor/cbor.h"
#include "fauxkey/credential.h"
#include "fauxkey/key_config.h"

namespace fauxkey::ctap::attestation {

/// What is attested, and by which keys.
struct Subject {
  const Credential& credential;
  ByteView credential_id;  ///< as the authenticator data tell it
  ByteView auth_data;
  ByteView client_data_hash;
  AttestationKeys& keys;
  AttestationVariant variant = AttestationVariant::genuine;
  std::uint64_t milliseconds = 0;  ///< since the key's power-up

  /// What most formats sign.
  [[nodiscard]] Bytes to_be_signed() const;
};

struct Format {
  AttestationStyle style;
  std::string_view name;  ///< in IANA's registry "WebAuthn Attestation Statement Format Identifiers"
  bool (*supports)(Algorithm);
  bool (*has)(AttestationVariant);
  /// Throws std::runtime_error where the keys cannot be had.
  cbor::Value (*make)(const Subject&);
};
/// In the order of AttestationStyle.
[[nodiscard]] std::span<const Format> formats();
[[nodiscard]] const Format& format_of(AttestationStyle style);

// Their statements, a file for each.
[[nodiscard]] cbor::Value make_packed(const Subject& subject);
[[nodiscard]] cbor::Value make_packed_self(const Subject& subject);
[[nodiscard]] cbor::Value make_fido_u2f(const Subject& subject);
[[nodiscard]] cbor::Value make_tpm(const Subject& subject);
[[nodiscard]] cbor::Value make_android_key(const Subject& subject);
[[nodiscard]] cbor::Value make_apple(const Subject& subject);
[[nodiscard]] cbor::Value make_compound(const Subject& subject);

[[nodiscard]] bool tpm_supports(Algorithm algorithm);
[[nodiscard]] bool android_key_supports(Algorithm algorithm);

/// x5c: the leaf and what is between it and the root.
[[nodiscard]] cbor::Array certificates(const Bytes& leaf, const std::vector<Bytes>& between);

/// The credential's public key as SubjectPublicKeyInfo; with `wrong_key` that of another one.
struct CredentialKey {
  Algorithm algorithm;
  SecretBytes private_key;
  Bytes public_key_info;
};
[[nodiscard]] CredentialKey key_to_certify(const Subject& subject);

}  // namespace fauxkey::ctap::attestation
