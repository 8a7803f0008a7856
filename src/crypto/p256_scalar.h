// What both implementations of P-256 share: which scalars are private keys.
#pragma once

#include "fauxkey/bytes.h"

namespace fauxkey::crypto::p256 {

/// Whether `bytes` are 32 and, read big-endian, lie in [1, n-1]. Takes the same time for every 32 bytes.
[[nodiscard]] bool is_private_key(ByteView bytes);
/// Throws std::invalid_argument where `bytes` are none.
void require_private_key(ByteView bytes);

}  // namespace fauxkey::crypto::p256
