// ML-DSA (FIPS 204), the pure form with an empty context. By libcrypto of OpenSSL 3.5 or newer alone: which
// one is there shows when the program runs.
#pragma once

#include <cstdint>

#include "fauxkey/bytes.h"
#include "fauxkey/random.h"
#include "fauxkey/secret.h"

namespace fauxkey::crypto::ml_dsa {

enum class Parameters : std::uint8_t { ml_dsa_44, ml_dsa_65 };

/// Whether the library makes keys of this kind whose signatures it then finds right.
[[nodiscard]] bool is_available(Parameters parameters);
/// The seed of FIPS 204's key generation, 32 bytes: any are a private key.
[[nodiscard]] SecretBytes generate(Random& random);
/// 1312 or 1952 bytes.
[[nodiscard]] Bytes public_key(Parameters parameters, ByteView seed);
/// 2420 or 3309 bytes.
[[nodiscard]] Bytes sign(Parameters parameters, ByteView seed, ByteView message);

}  // namespace fauxkey::crypto::ml_dsa
