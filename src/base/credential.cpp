#include "fauxkey/credential.h"

namespace fauxkey {

const char* name_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::es256:
      return "ES256";
    case Algorithm::eddsa:
      return "EdDSA";
    case Algorithm::es384:
      return "ES384";
    case Algorithm::es512:
      return "ES512";
    case Algorithm::es256k:
      return "ES256K";
    case Algorithm::ml_dsa_44:
      return "ML-DSA-44";
    case Algorithm::ml_dsa_65:
      return "ML-DSA-65";
    case Algorithm::rs256:
      return "RS256";
  }
  return "an unknown algorithm";
}

Credential Credential::clone() const {
  Credential copy;
  copy.id = id;
  copy.rp_id_hash = rp_id_hash;
  copy.rp_id = rp_id;
  copy.rp_name = rp_name;
  copy.user = user;
  copy.algorithm = algorithm;
  copy.private_key = private_key.clone();
  copy.cred_protect = cred_protect;
  copy.cred_random_without_uv = cred_random_without_uv.clone();
  copy.cred_random_with_uv = cred_random_with_uv.clone();
  copy.discoverable = discoverable;
  copy.cred_blob = cred_blob;
  copy.large_blob_key = large_blob_key.clone();
  copy.third_party_payment = third_party_payment;
  copy.supports_large_blob = supports_large_blob;
  copy.large_blob = large_blob;
  copy.created_at = created_at;
  copy.backup_eligible = backup_eligible;
  copy.backed_up = backed_up;
  copy.counts_signatures = counts_signatures;
  return copy;
}

}  // namespace fauxkey
