// AES-CBC without padding, on PSA: with 256 bits for the PIN/UV auth protocols (CTAP 2.3, 6.5.6 and 6.5.7),
// with 128 for what getInfo encrypts (6.4).
#pragma once

#include <cstdint>
#include <span>

#include "fauxkey/bytes.h"
#include "fauxkey/secret.h"

namespace fauxkey::crypto {

inline constexpr std::size_t kAesBlock = 16;
using AesKey = std::span<const std::uint8_t, 32>;
using AesIv = std::span<const std::uint8_t, 16>;

/// `plaintext` is a whole number of blocks, else std::invalid_argument.
[[nodiscard]] Bytes aes256_cbc_encrypt(AesKey key, AesIv iv, ByteView plaintext);
[[nodiscard]] Bytes aes128_cbc_encrypt(std::span<const std::uint8_t, 16> key, AesIv iv, ByteView plaintext);
/// `ciphertext` is a whole number of blocks, else std::invalid_argument.
[[nodiscard]] SecretBytes aes256_cbc_decrypt(AesKey key, AesIv iv, ByteView ciphertext);

}  // namespace fauxkey::crypto
