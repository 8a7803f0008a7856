#include "keystore/exchange/base64.h"

#include <sodium.h>

#include <algorithm>

namespace fauxkey::exchange {
namespace {

int variant_of(Base64 kind) {
  switch (kind) {
    case Base64::padded:
      return sodium_base64_VARIANT_ORIGINAL;
    case Base64::unpadded:
      return sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    case Base64::url:
    case Base64::url_or_padded:
      break;
  }
  return sodium_base64_VARIANT_URLSAFE_NO_PADDING;
}

/// With the alphabet of section 5 and without padding; nothing where the padding is none.
std::optional<WipingString> to_url(std::string_view text) {
  if (text.ends_with('=')) {
    if (text.size() % 4 != 0) return std::nullopt;
    text.remove_suffix(text.ends_with("==") ? 2 : 1);
  }
  WipingString url{text};
  for (char& c : url) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return url;
}

std::optional<WipingBytes> decode(std::string_view text, int variant) {
  // libsodium takes some bytes beyond ASCII for digits.
  if (std::ranges::any_of(text, [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; })) {
    return std::nullopt;
  }
  WipingBytes bytes(text.size() / 4 * 3 + 3);
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, &end,
                        variant) != 0 ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

WipingString encode_base64(ByteView bytes, Base64 kind) {
  const int variant = variant_of(kind);
  WipingString text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), variant);
  text.pop_back();
  return text;
}

std::optional<WipingBytes> decode_base64(std::string_view text, Base64 kind) {
  if (kind != Base64::url_or_padded) return decode(text, variant_of(kind));
  const auto url = to_url(text);
  return url ? decode(*url, variant_of(Base64::url)) : std::nullopt;
}

}  // namespace fauxkey::exchange
