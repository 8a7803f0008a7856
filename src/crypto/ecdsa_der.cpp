#include "crypto/ecdsa_der.h"

#include <algorithm>

namespace fauxkey::crypto {
namespace {

constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kInteger = 0x02;
constexpr std::size_t kNumber = 32;

// One number's length is below 128 and so one byte: 1 + 66 at most.
void append_integer(Bytes& der, ByteView number) {
  const auto first =
      std::find_if(number.begin(), number.end() - 1, [](std::uint8_t byte) { return byte != 0; });
  // DER's integers are signed: a set first bit needs a zero byte before it.
  const bool padded = (*first & 0x80) != 0;
  der.push_back(kInteger);
  der.push_back(static_cast<std::uint8_t>((number.end() - first) + (padded ? 1 : 0)));
  if (padded) der.push_back(0);
  der.insert(der.end(), first, number.end());
}

// Takes one INTEGER off the front of `rest` and writes it to `out`, right-aligned.
bool take_integer(ByteView& rest, std::span<std::uint8_t, kNumber> out) {
  if (rest.size() < 3 || rest[0] != kInteger) return false;
  const std::size_t length = rest[1];
  if (length == 0 || length > kNumber + 1 || rest.size() - 2 < length) return false;
  ByteView number = rest.subspan(2, length);
  rest = rest.subspan(2 + length);
  if ((number[0] & 0x80) != 0) return false;  // negative
  if (number[0] == 0 && number.size() > 1) {
    if ((number[1] & 0x80) == 0) return false;  // longer than it needs to be
    number = number.subspan(1);
  }
  if (number.size() > kNumber) return false;
  std::copy(number.begin(), number.end(), out.end() - static_cast<std::ptrdiff_t>(number.size()));
  return true;
}

}  // namespace

Bytes ecdsa_to_der(ByteView raw) {
  Bytes integers;
  append_integer(integers, raw.first(raw.size() / 2));
  append_integer(integers, raw.last(raw.size() / 2));
  Bytes der{kSequence};
  if (integers.size() >= 0x80) der.push_back(0x81);
  der.push_back(static_cast<std::uint8_t>(integers.size()));
  append(der, integers);
  return der;
}

std::optional<RawEcdsaSignature> ecdsa_from_der(ByteView der) {
  if (der.size() < 2 || der[0] != kSequence || der[1] != der.size() - 2 || der[1] >= 0x80)
    return std::nullopt;
  ByteView rest = der.subspan(2);
  RawEcdsaSignature raw{};
  const std::span whole{raw};
  if (!take_integer(rest, whole.first<kNumber>()) || !take_integer(rest, whole.last<kNumber>()) ||
      !rest.empty())
    return std::nullopt;
  return raw;
}

}  // namespace fauxkey::crypto
