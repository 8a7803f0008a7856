// What both implementations of ecdsa.h share: which scalars are private keys.
#pragma once

#include <cstddef>

#include "crypto/ecdsa.h"

namespace fauxkey::crypto::ecdsa {

/// Of a scalar and of a coordinate, in bytes.
[[nodiscard]] std::size_t size_of(Curve curve);
/// Whether `bytes`, read big-endian, lie in [1, n-1]. Takes the same time for all of the right size.
[[nodiscard]] bool is_private_key(Curve curve, ByteView bytes);
/// Throws std::invalid_argument where they do not.
void require_private_key(Curve curve, ByteView bytes);

}  // namespace fauxkey::crypto::ecdsa
