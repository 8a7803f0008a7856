// X.509 certificates for attestation, by mbedTLS: a self-signed root and leaves under it (WebAuthn 8.2.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "crypto/p256.h"
#include "fauxkey/bytes.h"

namespace fauxkey::crypto::x509 {

struct CertificateRequest {
  std::string subject;          ///< as mbedTLS takes names: "C=SE,O=…,OU=Authenticator Attestation,CN=…"
  p256::PublicKey public_key;   ///< the subject's
  std::int64_t not_before = 0;  ///< seconds since 1970
  std::int64_t not_after = 0;
  std::array<std::uint8_t, 16> serial{};
  bool certificate_authority = false;
  std::optional<Aaguid> aaguid{};  ///< id-fido-gen-ce-aaguid, 1.3.6.1.4.1.45724.1.1.4, not critical
  /// id-fido-gen-ce-sernum, 1.3.6.1.4.1.45724.1.1.2, not critical: which device it is. In enterprise
  /// attestation alone (WebAuthn 8.2.2). At most 32 bytes.
  std::optional<Bytes> device_serial{};
};

/// The certificate in DER, ECDSA with SHA-256 by the issuer. `issuer` equals `subject` in a root.
[[nodiscard]] Bytes issue(const CertificateRequest& request, const std::string& issuer,
                          ByteView issuer_private_key, Random& random);
[[nodiscard]] std::string to_pem(ByteView der);
/// True where `leaf` chains to `root` and both are valid now.
[[nodiscard]] bool chains_to(ByteView leaf_der, ByteView root_der);

}  // namespace fauxkey::crypto::x509
