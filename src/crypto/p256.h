// NIST P-256: key pairs, ECDSA with SHA-256, ECDH. By libcrypto where CMake found it (much faster than
// mbedTLS 2.28), else by PSA: p256_libcrypto.cpp or p256_psa.cpp, one of the two is built.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "fauxkey/bytes.h"
#include "fauxkey/random.h"
#include "fauxkey/secret.h"

namespace fauxkey::crypto::p256 {

/// Coordinates, big-endian.
struct PublicKey {
  std::array<std::uint8_t, 32> x{};
  std::array<std::uint8_t, 32> y{};
  friend bool operator==(const PublicKey&, const PublicKey&) = default;
};

/// The scalar, big-endian, in [1, n-1].
using PrivateKey = Secret<32>;

/// A uniformly random scalar, by rejection of what lies outside [1, n-1].
[[nodiscard]] PrivateKey generate(Random& random);
[[nodiscard]] PublicKey public_key(ByteView private_key);
/// ECDSA over SHA-256 of `message`, ASN.1 DER as WebAuthn wants it (WebAuthn 6.5.5).
[[nodiscard]] Bytes sign(ByteView private_key, ByteView message);
[[nodiscard]] bool verify(const PublicKey& key, ByteView message, ByteView der_signature);
/// The shared point's x-coordinate; nothing where `peer` is not a point of the curve.
[[nodiscard]] std::optional<Secret<32>> ecdh(ByteView private_key, const PublicKey& peer);
/// Which library does it: "libcrypto" or "psa".
[[nodiscard]] const char* implementation();

}  // namespace fauxkey::crypto::p256
