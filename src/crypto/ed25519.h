// Ed25519 (RFC 8032), on libsodium: PSA in mbedTLS 2.28 and 3.6 has none.
#pragma once

#include <array>
#include <cstdint>

#include "fauxkey/bytes.h"
#include "fauxkey/secret.h"

namespace fauxkey::crypto::ed25519 {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

/// `seed` has 32 bytes: any are a private key.
[[nodiscard]] PublicKey public_key(ByteView seed);
[[nodiscard]] Signature sign(ByteView seed, ByteView message);
[[nodiscard]] bool verify(const PublicKey& key, ByteView message, ByteView signature);

}  // namespace fauxkey::crypto::ed25519
