// Format "packed" (WebAuthn 8.2): by the attestation key, or by the credential's own.
#include <stdexcept>

#include "authenticator/credential_keys.h"
#include "ctap/attestation/format.h"

namespace fauxkey::ctap::attestation {

cbor::Value make_packed(const Subject& subject) {
  const auto* key = subject.keys.find(LeafKind::model, subject.variant);
  if (key == nullptr) throw std::runtime_error{"this key has no enterprise attestation"};
  return cbor::Map{{"alg", static_cast<int>(Algorithm::es256)},
                   {"sig", key->sign(subject.to_be_signed())},
                   {"x5c", certificates(key->certificate(), key->between())}};
}

cbor::Value make_packed_self(const Subject& subject) {
  return cbor::Map{{"alg", static_cast<int>(subject.credential.algorithm)},
                   {"sig", sign(subject.credential, subject.to_be_signed())}};
}

}  // namespace fauxkey::ctap::attestation
