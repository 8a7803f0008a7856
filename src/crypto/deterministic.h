// Signatures that are the same for the same key and message, for runs that are to be repeated byte for byte.
// libcrypto before 3.2 draws ECDSA's nonces at random, so there PSA signs, by RFC 6979. (All else that signs
// here is deterministic anyway, or can be told to be.)
#pragma once

#include <cstdint>

#include "fauxkey/bytes.h"

namespace fauxkey::crypto {

/// From now on, and for the whole process.
void make_signatures_deterministic();
[[nodiscard]] bool signatures_are_deterministic();

enum class EcdsaCurve : std::uint8_t { p256, p384, p521, secp256k1 };

/// RFC 6979 over the curve's usual hash of `message` (see ecdsa.h), in DER. `scalar`: a private key of the
/// curve. Throws std::runtime_error where this mbedTLS lacks the curve.
[[nodiscard]] Bytes sign_rfc6979(EcdsaCurve curve, ByteView scalar, ByteView message);

}  // namespace fauxkey::crypto
