// What the certificates of attestation keys say (WebAuthn 8.2.1, 8.3.1), but for their dates and numbers.
#pragma once

#include "authenticator/attestation.h"
#include "authenticator/attestation_authority.h"
#include "crypto/x509.h"

namespace fauxkey {

[[nodiscard]] crypto::x509::CertificateRequest model_leaf(const Aaguid& aaguid,
                                                          const crypto::p256::PublicKey& key);
/// Of a TPM's attestation identity key.
[[nodiscard]] crypto::x509::CertificateRequest tpm_leaf(const Aaguid& aaguid,
                                                        const crypto::p256::PublicKey& key);

/// The leaf for a model that follows from the authority's key: always the same private key.
[[nodiscard]] AttestationKey derived_leaf(const AttestationAuthority& authority, LeafKind kind,
                                          const Aaguid& aaguid, std::vector<Bytes> between, Random& random);

}  // namespace fauxkey
