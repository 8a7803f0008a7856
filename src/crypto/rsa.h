// RSA of 2048 bits with PKCS #1 v1.5 and SHA-256: COSE's RS256 (RFC 8812, 2). By libcrypto alone.
//
// A private key is 40 bytes: a seed of 32, and how far behind the two numbers that the seed expands to the
// primes lie (32 bits each, big-endian, in steps of two). So a credential's id has room for it, the search
// for the primes is made once, and the same random numbers give the same key.
#pragma once

#include "fauxkey/bytes.h"
#include "fauxkey/random.h"
#include "fauxkey/secret.h"

namespace fauxkey::crypto::rsa {

struct PublicKey {
  Bytes modulus;   ///< 256 bytes, big-endian
  Bytes exponent;  ///< 65537, big-endian without leading zeros
};

/// Whether this was built with libcrypto.
[[nodiscard]] bool is_available();
/// Takes a tenth of a second or several.
[[nodiscard]] SecretBytes generate(Random& random);
[[nodiscard]] PublicKey public_key(ByteView private_key);
[[nodiscard]] Bytes sign(ByteView private_key, ByteView message);

}  // namespace fauxkey::crypto::rsa
