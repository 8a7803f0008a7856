// The attestation key and its certificates (WebAuthn 6.5 and 8.2.1): a root of this keystore's own, made at
// its first use, and under it one leaf for the persona's model. U2F registrations are signed by the same
// leaf.
#pragma once

#include <optional>
#include <utility>

#include "crypto/p256.h"
#include "fauxkey/bytes.h"
#include "fauxkey/clock.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/key_config.h"
#include "fauxkey/random.h"

namespace fauxkey {

/// A private key with its certificate.
class AttestationKey {
 public:
  AttestationKey(crypto::p256::PrivateKey key, Bytes certificate)
      : key_{std::move(key)}, certificate_{std::move(certificate)} {}

  /// ECDSA over SHA-256 of `message`, in DER.
  [[nodiscard]] Bytes sign(ByteView message) const { return crypto::p256::sign(key_, message); }
  /// DER: what x5c and a U2F registration hold.
  [[nodiscard]] const Bytes& certificate() const { return certificate_; }

 private:
  crypto::p256::PrivateKey key_;
  Bytes certificate_;
};

class Attestation {
 public:
  /// What the store remembers; a store without an attestation gets one. Where a stored leaf is that of
  /// another model than the persona, a new leaf (key and certificate) takes its place under the same root.
  /// Throws std::runtime_error with a sentence for a person where the store fails or holds what is no
  /// attestation.
  [[nodiscard]] static Attestation load_or_create(CredentialStore& store, const KeyConfig& config,
                                                  Random& random, const Clock& clock);

  [[nodiscard]] const AttestationKey& leaf() const { return leaf_; }
  /// Whose certificate names this one key by a serial number; nothing unless the key is configured to have
  /// it.
  [[nodiscard]] const std::optional<AttestationKey>& enterprise() const { return enterprise_; }
  /// The root's certificate, DER: what a relying party that wants to trust this key is given.
  [[nodiscard]] const Bytes& root() const { return root_; }

  /// A leaf's terms, its times in seconds since 1970.
  struct Leaf {
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    Aaguid aaguid{};
  };
  /// A further leaf with a key of its own, by the root whose key `store` has: it is not kept in memory.
  /// Throws std::runtime_error where the store fails.
  [[nodiscard]] static AttestationKey issue(CredentialStore& store, const Leaf& leaf, Random& random);
  /// The same by a root that is thrown away, and whose certificate has the same name as this one's.
  [[nodiscard]] static AttestationKey issue_by_other_root(const Leaf& leaf, Random& random);

 private:
  Attestation(AttestationKey leaf, Bytes root) : leaf_{std::move(leaf)}, root_{std::move(root)} {}

  AttestationKey leaf_;
  std::optional<AttestationKey> enterprise_;
  Bytes root_;
};

}  // namespace fauxkey
