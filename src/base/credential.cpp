#include "fauxkey/credential.h"

namespace fauxkey {

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
  copy.created_at = created_at;
  return copy;
}

}  // namespace fauxkey
