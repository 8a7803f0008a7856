// RSA of 2048 bits with PKCS #1 v1.5 and SHA-256: COSE's RS256 (RFC 8812, 2). By libcrypto alone.
//
// A private key that is made here is 40 bytes: a seed of 32, and how far behind the two numbers that the seed
// expands to the primes lie (32 bits each, big-endian, in steps of two). So a credential's id has room for
// it, the search for the primes is made once, and the same random numbers give the same key. One from
// elsewhere is its two primes, 128 bytes each, big-endian.
#pragma once

#include <optional>

#include "fauxkey/bytes.h"
#include "fauxkey/random.h"
#include "fauxkey/secret.h"

namespace fauxkey::crypto::rsa {

struct PublicKey {
  Bytes modulus;   ///< 256 bytes, big-endian
  Bytes exponent;  ///< 65537, big-endian without leading zeros
};

/// RFC 8017, 3.2, second form; big-endian.
struct PrivateNumbers {
  PublicKey public_key;
  SecretBytes d, p, q, d_p, d_q, q_inverse;
};

/// Whether this was built with libcrypto.
[[nodiscard]] bool is_available();
/// Takes a tenth of a second or several.
[[nodiscard]] SecretBytes generate(Random& random);
[[nodiscard]] PublicKey public_key(ByteView private_key);
[[nodiscard]] PrivateNumbers private_numbers(ByteView private_key);
/// The private key of two primes, big-endian. Nothing where they are not two primes of 1024 bits whose
/// product has 2048 and which go with the exponent.
[[nodiscard]] std::optional<SecretBytes> from_primes(ByteView p, ByteView q);
[[nodiscard]] Bytes sign(ByteView private_key, ByteView message);

}  // namespace fauxkey::crypto::rsa
