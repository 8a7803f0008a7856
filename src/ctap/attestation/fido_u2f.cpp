// Format "fido-u2f" (WebAuthn 8.6): what a U2F registration signs, in CTAP2's clothes. It has no algorithm,
// and one certificate.
#include <algorithm>

#include "crypto/p256.h"
#include "ctap/attestation/format.h"

namespace fauxkey::ctap::attestation {

cbor::Value make_fido_u2f(const Subject& subject) {
  const auto rp_id_hash = subject.auth_data.first(std::min<std::size_t>(32, subject.auth_data.size()));
  const auto point = crypto::p256::public_key(subject.credential.private_key);
  Bytes to_sign{0x00};
  append(to_sign, rp_id_hash);
  append(to_sign, subject.client_data_hash);
  append(to_sign, subject.credential_id);
  to_sign.push_back(0x04);
  append(to_sign, point.x);
  append(to_sign, point.y);
  const auto* key = subject.keys.find(LeafKind::u2f, subject.variant);
  return cbor::Map{{"sig", key->sign(to_sign)}, {"x5c", cbor::Array{key->certificate()}}};
}

}  // namespace fauxkey::ctap::attestation
