// The two encodings of an ECDSA signature: fixed r || s, and ASN.1 DER (RFC 3279, 2.2.3).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "fauxkey/bytes.h"

namespace fauxkey::crypto {

/// P-256's r and s, 32 bytes big-endian each.
using RawEcdsaSignature = std::array<std::uint8_t, 64>;

/// `raw`: r and s, big-endian, half of the bytes each, 66 at most.
[[nodiscard]] Bytes ecdsa_to_der(ByteView raw);
/// Nothing where `der` is not the one DER encoding of two numbers in [0, 2^256).
[[nodiscard]] std::optional<RawEcdsaSignature> ecdsa_from_der(ByteView der);

}  // namespace fauxkey::crypto
