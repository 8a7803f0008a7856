// What all attestation certificates of a key chain to: a certificate that signs itself, and its private key.
// Each keystore has its own; keys that are to share one are given it (KeyConfig::attestation_root). What else
// is under it follows from its private key, and so is always the same.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fauxkey/bytes.h"
#include "fauxkey/clock.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "fauxkey/secret.h"

namespace fauxkey {

struct AttestationRoot {
  Secret<32> key;     ///< of P-256, the scalar, big-endian
  Bytes certificate;  ///< DER
};

/// A new one, for thirty years. Other authorities may be under it, and it signs revocation lists.
[[nodiscard]] AttestationRoot make_attestation_root(Random& random, const Clock& clock);

/// That of a keystore, which is made where there is none yet. Throws std::runtime_error with a sentence for a
/// person where the store fails.
[[nodiscard]] std::shared_ptr<const AttestationRoot> attestation_root_of(CredentialStore& store,
                                                                         Random& random, const Clock& clock);

/// What keeps these from being a root, as the end of a sentence that begins with where they are from ("has a
/// …"); empty where nothing does.
[[nodiscard]] std::string root_trouble(ByteView private_key, ByteView certificate);

// All of these throw std::runtime_error with a sentence for a person where the root is made for less.

/// The certificate of the authority between it and the leaves of a chain of two, DER.
[[nodiscard]] Bytes attestation_intermediate(const AttestationRoot& root, Random& random);
/// The revocation lists of both, as far as there may be a second one, DER: the certificates of
/// AttestationVariant::revoked are on them.
[[nodiscard]] std::vector<Bytes> attestation_revocation_lists(const AttestationRoot& root, Random& random);

/// What signs metadata (FIDO Metadata Service 3): a key and its certificate right under the root.
struct MetadataSigner {
  Secret<32> key;
  Bytes certificate;  ///< DER
};
[[nodiscard]] MetadataSigner metadata_signer(const AttestationRoot& root, Random& random);

}  // namespace fauxkey
