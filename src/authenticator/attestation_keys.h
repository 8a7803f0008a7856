// The keys and certificates that attestations are made with, genuine ones and those of AttestationVariant:
// each is made when it is first asked for.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "authenticator/attestation.h"
#include "authenticator/attestation_authority.h"
#include "fauxkey/attestation_variant.h"
#include "fauxkey/key_config.h"
#include "fauxkey/random.h"

namespace fauxkey {

class AttestationKeys {
 public:
  /// All of them outlive it.
  AttestationKeys(const Attestation& attestation, const KeyConfig& config, CredentialStore& store,
                  Random& random)
      : attestation_{attestation}, config_{config}, store_{store}, random_{random} {}

  /// Of a kind that is no credential's own. nullptr where the key has no such attestation: enterprise
  /// attestation, which is of kind `model`. Throws std::runtime_error where the store fails.
  [[nodiscard]] const AttestationKey* find(LeafKind kind, AttestationVariant variant);

  /// A certificate for a credential's own key, and those above it.
  struct Certified {
    Bytes leaf;
    std::vector<Bytes> between;
    Bytes root;
  };
  /// `request` says whom it is for and has its extensions. Throws as `find`.
  [[nodiscard]] Certified certify(LeafKind kind, crypto::x509::CertificateRequest request,
                                  AttestationVariant variant);

  [[nodiscard]] Random& random() { return random_; }

  /// Of the authority between root and leaves, DER; nothing where there is none.
  [[nodiscard]] std::optional<Bytes> intermediate();
  /// The root's revocation list and, where it has one, the other authority's, DER. Throws as `find`, and
  /// where the root may not sign such lists.
  [[nodiscard]] std::vector<Bytes> revocation_lists();

 private:
  struct Chain {
    AttestationAuthority signer;
    std::vector<Bytes> between;
    Bytes root;
  };
  [[nodiscard]] Chain chain(LeafKind kind, AttestationVariant variant);
  [[nodiscard]] AttestationKey make(LeafKind kind, AttestationVariant variant);
  void set_terms(crypto::x509::CertificateRequest& request, LeafKind kind, AttestationVariant variant,
                 const AttestationAuthority& signer);

  const Attestation& attestation_;
  const KeyConfig& config_;
  CredentialStore& store_;
  Random& random_;
  std::map<std::pair<LeafKind, AttestationVariant>, AttestationKey> made_;
};

}  // namespace fauxkey
