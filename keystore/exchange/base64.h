// Base64 (RFC 4648) as the formats here have it, by libsodium, whose time depends on the length alone.
#pragma once

#include <optional>
#include <string_view>

#include "base/wiping.h"
#include "fauxkey/bytes.h"

namespace fauxkey::exchange {

enum class Base64 : std::uint8_t {
  padded,         ///< section 4, with =
  unpadded,       ///< section 4, without
  url,            ///< section 5, without =
  url_or_padded,  ///< decoding only: either alphabet, with or without =, as other programs may write it
};

/// `kind` is none that only decodes.
[[nodiscard]] WipingString encode_base64(ByteView bytes, Base64 kind);
/// Nothing where the text is not the one encoding of some bytes.
[[nodiscard]] std::optional<WipingBytes> decode_base64(std::string_view text, Base64 kind);

}  // namespace fauxkey::exchange
