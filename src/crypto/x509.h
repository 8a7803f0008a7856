// X.509 certificates for attestation, by mbedTLS: a self-signed root, authorities and leaves under it, and
// the lists of those that are revoked (RFC 5280).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/p256.h"
#include "fauxkey/bytes.h"

namespace fauxkey::crypto::x509 {

/// Big-endian; positive, and not zero.
using Serial = std::array<std::uint8_t, 16>;

struct Extension {
  Bytes oid;  ///< the object identifier's content in DER
  bool critical = false;
  Bytes value;  ///< DER
};

struct CertificateRequest {
  /// As mbedTLS takes names: "C=SE,O=…,OU=Authenticator Attestation,CN=…". Empty: an empty one.
  std::string subject;
  /// Where not empty, the subject as a Name in DER instead.
  Bytes subject_name{};
  p256::PublicKey public_key;  ///< the subject's
  /// Where not empty, the subject's key as SubjectPublicKeyInfo in DER instead: of RSA, or of another curve
  /// that mbedTLS has.
  Bytes public_key_info{};
  std::int64_t not_before = 0;  ///< seconds since 1970
  std::int64_t not_after = 0;
  Serial serial{};
  bool certificate_authority = false;
  std::uint8_t path_length = 0;    ///< of an authority: how many others may be under it
  std::optional<Aaguid> aaguid{};  ///< id-fido-gen-ce-aaguid, 1.3.6.1.4.1.45724.1.1.4, not critical
  /// id-fido-gen-ce-sernum, 1.3.6.1.4.1.45724.1.1.2, not critical: which device it is. In enterprise
  /// attestation alone (WebAuthn 8.2.2). At most 32 bytes.
  std::optional<Bytes> device_serial{};
  std::vector<Extension> extensions{};  ///< further ones
};

/// What of an authority's own certificate is in what it signs, and what it may sign.
struct Authority {
  Bytes name;            ///< its subject, a Name in DER
  Bytes key_identifier;  ///< empty: its certificate has none
  p256::PublicKey public_key;
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;
  bool has_authorities = false;    ///< others may be under it (pathLenConstraint)
  bool signs_revocations = false;  ///< cRLSign, or nothing is said of what its key is for
};
/// Nothing where `certificate` is not that of an authority with a P-256 key which may sign certificates.
[[nodiscard]] std::optional<Authority> read_authority(ByteView certificate);

/// The certificate in DER, ECDSA with SHA-256 by the issuer. `issuer` equals `subject` in a root.
[[nodiscard]] Bytes issue(const CertificateRequest& request, const std::string& issuer,
                          ByteView issuer_private_key, Random& random);
/// The same by the authority whose private key that is.
[[nodiscard]] Bytes issue(const CertificateRequest& request, const Authority& issuer,
                          ByteView issuer_private_key, Random& random);

/// A revocation list (RFC 5280, 5) in DER.
struct RevocationList {
  std::int64_t this_update = 0;  ///< seconds since 1970; since then all of them are revoked
  std::int64_t next_update = 0;
  std::uint32_t number = 1;
  std::span<const Serial> serials;
};
[[nodiscard]] Bytes issue_revocation_list(const RevocationList& list, const Authority& issuer,
                                          ByteView issuer_private_key);

inline constexpr std::string_view kCertificateLabel = "CERTIFICATE", kRevocationListLabel = "X509 CRL";
[[nodiscard]] std::string to_pem(ByteView der, std::string_view label = kCertificateLabel);
/// The SHA-1 hash of its public key (RFC 5280, 4.2.1.2, method 1); empty where `certificate` has no such
/// extension.
[[nodiscard]] Bytes key_identifier_of(ByteView certificate);
/// The serial number as it stands in the certificate, big-endian; empty where `certificate` is none.
[[nodiscard]] Bytes serial_of(ByteView certificate);
/// True where `leaf` chains to `root` and both are valid now.
[[nodiscard]] bool chains_to(ByteView leaf_der, ByteView root_der);
/// The same with authorities in between, the first one next to the leaf.
[[nodiscard]] bool chains_to(ByteView leaf_der, std::span<const Bytes> between, ByteView root_der);

}  // namespace fauxkey::crypto::x509
