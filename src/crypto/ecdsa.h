// ECDSA over the curves that COSE has besides P-256 (RFC 9053, 2.1; RFC 8812, 3.2): by libcrypto or by PSA,
// as p256.h.
#pragma once

#include <cstdint>

#include "fauxkey/bytes.h"
#include "fauxkey/random.h"
#include "fauxkey/secret.h"

namespace fauxkey::crypto::ecdsa {

enum class Curve : std::uint8_t { p384, p521, secp256k1 };

/// Coordinates, big-endian, each as long as the curve's field: 48, 66 or 32 bytes.
struct PublicKey {
  Bytes x;
  Bytes y;
};

/// Whether the library that this was built with knows the curve.
[[nodiscard]] bool is_available(Curve curve);
/// A scalar, uniformly random in [1, n-1], big-endian, as long as the field.
[[nodiscard]] SecretBytes generate(Curve curve, Random& random);
[[nodiscard]] PublicKey public_key(Curve curve, ByteView scalar);
/// In ASN.1 DER, over SHA-384 (P-384), SHA-512 (P-521) or SHA-256 (secp256k1) of `message`.
[[nodiscard]] Bytes sign(Curve curve, ByteView scalar, ByteView message);

}  // namespace fauxkey::crypto::ecdsa
