// The attestation key and its certificates (WebAuthn 6.5 and 8.2.1): a root of this keystore's own, made at
// its first use, or one that several keys share; and under it one leaf for the persona's model. U2F
// registrations are signed by the same leaf.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "authenticator/attestation_root.h"
#include "crypto/p256.h"
#include "fauxkey/bytes.h"
#include "fauxkey/clock.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/key_config.h"
#include "fauxkey/random.h"

namespace fauxkey {

/// A private key with its certificate, and those of the authorities between that and the root.
class AttestationKey {
 public:
  AttestationKey(crypto::p256::PrivateKey key, Bytes certificate, std::vector<Bytes> between = {})
      : key_{std::move(key)}, certificate_{std::move(certificate)}, between_{std::move(between)} {}

  /// ECDSA over SHA-256 of `message`, in DER.
  [[nodiscard]] Bytes sign(ByteView message) const { return crypto::p256::sign(key_, message); }
  /// DER: what a U2F registration holds, and what x5c begins with.
  [[nodiscard]] const Bytes& certificate() const { return certificate_; }
  /// What x5c goes on with.
  [[nodiscard]] const std::vector<Bytes>& between() const { return between_; }
  /// Another private key with the same certificates.
  [[nodiscard]] AttestationKey with(crypto::p256::PrivateKey key) const {
    return {std::move(key), certificate_, between_};
  }

 private:
  crypto::p256::PrivateKey key_;
  Bytes certificate_;
  std::vector<Bytes> between_;
};

class Attestation {
 public:
  /// What the store remembers; a store without an attestation gets one. Where a stored leaf is that of
  /// another model than the persona, a new leaf (key and certificate) takes its place under the same root.
  /// With a root that the configuration names, leaves are made under that, and the store's own waits.
  /// Throws std::runtime_error with a sentence for a person where the store fails or holds what is no
  /// attestation, or where the root cannot have the chain that is wanted.
  [[nodiscard]] static Attestation load_or_create(CredentialStore& store, const KeyConfig& config,
                                                  Random& random, const Clock& clock);

  /// Right under the root.
  [[nodiscard]] const AttestationKey& leaf() const { return leaf_; }
  /// Whose certificate names this one key by a serial number; nothing unless the key is configured to have
  /// it.
  [[nodiscard]] const std::optional<AttestationKey>& enterprise() const { return enterprise_; }
  /// The root's certificate, DER: what a relying party that wants to trust this key is given.
  [[nodiscard]] const Bytes& root() const { return root_; }
  /// The keystore's own, whatever root it attests under: it tells keystores apart.
  [[nodiscard]] const Bytes& own_root() const { return own_root_; }

  /// The root with its private key, which is not kept in memory where it is the store's own. Throws
  /// std::runtime_error where the store fails.
  [[nodiscard]] std::shared_ptr<const AttestationRoot> load_root(CredentialStore& store) const;

 private:
  Attestation(AttestationKey leaf, Bytes root) : leaf_{std::move(leaf)}, root_{std::move(root)} {}

  AttestationKey leaf_;
  std::optional<AttestationKey> enterprise_;
  Bytes root_;
  Bytes own_root_;
  std::shared_ptr<const AttestationRoot> shared_;
};

}  // namespace fauxkey
