// The attestation key and its certificates (WebAuthn 6.5 and 8.2.1): a root of this keystore's own, made at
// its first use, and under it one leaf for the persona's model. U2F registrations are signed by the same
// leaf.
#pragma once

#include <utility>

#include "crypto/p256.h"
#include "fauxkey/bytes.h"
#include "fauxkey/clock.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/key_config.h"
#include "fauxkey/random.h"

namespace fauxkey {

class Attestation {
 public:
  /// What the store remembers; a store without an attestation gets one. Where the stored leaf is that of
  /// another model than `persona`, a new leaf (key and certificate) takes its place under the same root.
  /// Throws std::runtime_error with a sentence for a person where the store fails or holds what is no
  /// attestation.
  [[nodiscard]] static Attestation load_or_create(CredentialStore& store, const Persona& persona,
                                                  Random& random, const Clock& clock);

  /// ECDSA over SHA-256 of `message` by the leaf's key, in DER.
  [[nodiscard]] Bytes sign(ByteView message) const;
  /// The leaf's certificate, DER: what x5c and a U2F registration hold.
  [[nodiscard]] const Bytes& leaf() const { return leaf_; }
  /// The root's certificate, DER: what a relying party that wants to trust this key is given.
  [[nodiscard]] const Bytes& root() const { return root_; }

 private:
  Attestation(crypto::p256::PrivateKey leaf_key, Bytes leaf, Bytes root)
      : leaf_key_{std::move(leaf_key)}, leaf_{std::move(leaf)}, root_{std::move(root)} {}

  crypto::p256::PrivateKey leaf_key_;
  Bytes leaf_;
  Bytes root_;
};

}  // namespace fauxkey
