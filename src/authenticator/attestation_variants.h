// The attestation keys of AttestationVariant, each made when it is first asked for.
#pragma once

#include <map>

#include "authenticator/attestation.h"
#include "fauxkey/attestation_variant.h"
#include "fauxkey/key_config.h"
#include "fauxkey/random.h"

namespace fauxkey {

class AttestationVariants {
 public:
  /// All of them outlive it.
  AttestationVariants(const Attestation& attestation, const Persona& persona, CredentialStore& store,
                      Random& random)
      : attestation_{attestation}, persona_{persona}, store_{store}, random_{random} {}

  /// nullptr where the key has no such attestation. Throws std::runtime_error where the store fails.
  [[nodiscard]] const AttestationKey* find(AttestationVariant variant);

 private:
  [[nodiscard]] AttestationKey make(AttestationVariant variant);

  const Attestation& attestation_;
  const Persona& persona_;
  CredentialStore& store_;
  Random& random_;
  std::map<AttestationVariant, AttestationKey> made_;
};

}  // namespace fauxkey
