// Private keys as PKCS #8 (RFC 5208, RFC 5958), the form in which programs hand them to one another, and
// public keys as SubjectPublicKeyInfo (RFC 5280, 4.1.2.7). One table row for each algorithm.
#pragma once

#include <expected>
#include <string>

#include "base/wiping.h"
#include "fauxkey/credential.h"

namespace fauxkey::crypto::pkcs8 {

struct PrivateKey {
  Algorithm algorithm = Algorithm::es256;
  SecretBytes bytes;  ///< as Credential::private_key
};

/// PrivateKeyInfo, DER. Throws std::runtime_error where this build or machine has not the algorithm.
[[nodiscard]] WipingBytes encode(Algorithm algorithm, ByteView private_key);
/// SubjectPublicKeyInfo, DER.
[[nodiscard]] WipingBytes encode_public(Algorithm algorithm, ByteView private_key);

/// The key and its algorithm, after a look at whether it is a private key at all and belongs to the public
/// key that may stand beside it. The error says what is wrong, as the end of a sentence that begins with
/// where: "is no PKCS #8 private key".
[[nodiscard]] std::expected<PrivateKey, std::string> decode(ByteView der);

}  // namespace fauxkey::crypto::pkcs8
