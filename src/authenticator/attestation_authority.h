// Who signs attestation certificates: a root, or an intermediate authority under it. All that stays the same
// from start to start follows from the root's private key, so that nothing else needs to be kept.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authenticator/attestation_root.h"
#include "crypto/p256.h"
#include "crypto/x509.h"
#include "fauxkey/bytes.h"
#include "fauxkey/random.h"

namespace fauxkey {

/// What a leaf certificate is for. An authority has one revoked serial number for each.
enum class LeafKind : std::uint8_t {
  model,        ///< one for all keys of a model (WebAuthn 8.2.1): format packed
  u2f,          ///< the same, always right under the root: U2F has room for one certificate
  tpm,          ///< an attestation identity key's (8.3.1)
  android_key,  ///< a credential's own (8.4.1)
  apple,        ///< a credential's own (8.8)
};

class AttestationAuthority {
 public:
  /// A root itself. Throws std::runtime_error where its certificate is no authority's.
  explicit AttestationAuthority(const AttestationRoot& root);
  /// The authority under it. Throws std::runtime_error with a sentence for a person where the root is made
  /// for leaves alone.
  [[nodiscard]] AttestationAuthority intermediate(Random& random) const;

  [[nodiscard]] const Bytes& certificate() const { return certificate_; }
  [[nodiscard]] const crypto::x509::Authority& terms() const { return authority_; }

  /// A private key that follows from this authority's, another one for each label.
  [[nodiscard]] crypto::p256::PrivateKey derive_key(const std::string& label) const;
  /// A serial number for the certificate of that public key: always the same one.
  [[nodiscard]] crypto::x509::Serial serial_for(ByteView public_key) const;
  [[nodiscard]] crypto::x509::Serial revoked_serial(LeafKind kind) const;

  /// `request` without an issuer.
  [[nodiscard]] Bytes issue(const crypto::x509::CertificateRequest& request, Random& random) const;
  /// Those of revoked_serial, DER. Throws std::runtime_error with a sentence for a person where the root may
  /// not sign such lists.
  [[nodiscard]] Bytes revocation_list() const;

 private:
  AttestationAuthority(crypto::p256::PrivateKey key, Bytes certificate);

  crypto::p256::PrivateKey key_;
  Bytes certificate_;
  crypto::x509::Authority authority_;
};

/// A number of 126 bits, positive and always of the same length (RFC 5280, 4.1.2.2), of these bytes.
[[nodiscard]] crypto::x509::Serial serial_of_hash(const Sha256Hash& hash);

}  // namespace fauxkey
