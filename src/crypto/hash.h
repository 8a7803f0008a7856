// SHA-256 and what is made of it, on PSA.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>

#include "fauxkey/bytes.h"
#include "fauxkey/secret.h"

namespace fauxkey::crypto {

/// SHA-256 over the parts in their order, as if they were one.
[[nodiscard]] Sha256Hash sha256(std::initializer_list<ByteView> parts);
[[nodiscard]] inline Sha256Hash sha256(ByteView data) { return sha256({data}); }
[[nodiscard]] Sha256Hash sha256(std::string_view text);

/// HMAC-SHA-256 (RFC 2104) over the parts. The result may itself be a secret: use hmac_sha256_secret then.
[[nodiscard]] Sha256Hash hmac_sha256(ByteView key, std::initializer_list<ByteView> parts);
[[nodiscard]] Secret<32> hmac_sha256_secret(ByteView key, std::initializer_list<ByteView> parts);

/// HKDF-SHA-256 (RFC 5869), 32 bytes.
[[nodiscard]] Secret<32> hkdf_sha256(ByteView input_key, ByteView salt, std::string_view info);

}  // namespace fauxkey::crypto
