#include "crypto/der.h"

#include <algorithm>

namespace fauxkey::crypto::der {
namespace {

constexpr std::uint8_t kLongForm = 0x80;
constexpr std::size_t kMaxLengthBytes = 4;

ByteView without_leading_zeros(ByteView bytes) {
  while (!bytes.empty() && bytes.front() == 0) bytes = bytes.subspan(1);
  return bytes;
}

/// How long a value's content is; takes the length off `rest`.
std::optional<std::size_t> take_length(ByteView& rest) {
  if (rest.empty()) return std::nullopt;
  const std::uint8_t first = rest.front();
  rest = rest.subspan(1);
  if (first < kLongForm) return first;
  const std::size_t count = first & 0x7FU;
  if (count == 0 || count > kMaxLengthBytes || count > rest.size() || rest.front() == 0) return std::nullopt;
  std::size_t length = 0;
  for (const std::uint8_t byte : rest.first(count)) length = length << 8 | byte;
  rest = rest.subspan(count);
  return length < kLongForm ? std::nullopt : std::optional{length};
}

}  // namespace

std::optional<ByteView> Reader::take(Tag tag) {
  if (rest_.empty() || rest_.front() != static_cast<std::uint8_t>(tag)) return std::nullopt;
  ByteView rest = rest_.subspan(1);
  const auto length = take_length(rest);
  if (!length || *length > rest.size()) return std::nullopt;
  rest_ = rest.subspan(*length);
  return rest.first(*length);
}

std::optional<ByteView> Reader::take_unsigned() {
  const auto bytes = take(Tag::integer);
  if (!bytes || bytes->empty() || (bytes->front() & 0x80U) != 0) return std::nullopt;
  // A first byte of zero is there only where the second one would make the number negative.
  if (bytes->size() > 1 && bytes->front() == 0 && ((*bytes)[1] & 0x80U) == 0) return std::nullopt;
  return without_leading_zeros(*bytes);
}

WipingBytes value(Tag tag, std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  WipingBytes bytes;
  bytes.reserve(size + 2 + kMaxLengthBytes);
  bytes.push_back(static_cast<std::uint8_t>(tag));
  if (size < kLongForm) {
    bytes.push_back(static_cast<std::uint8_t>(size));
  } else {
    std::size_t count = 1;
    while (count < kMaxLengthBytes && size >> (8 * count) != 0) ++count;
    bytes.push_back(static_cast<std::uint8_t>(kLongForm | count));
    while (count-- > 0) bytes.push_back(static_cast<std::uint8_t>(size >> (8 * count)));
  }
  for (const ByteView part : parts) append(bytes, part);
  return bytes;
}

WipingBytes unsigned_integer(ByteView big_endian) {
  constexpr std::uint8_t kZero = 0;
  const ByteView digits = without_leading_zeros(big_endian);
  const bool padded = digits.empty() || (digits.front() & 0x80U) != 0;
  return value(Tag::integer, {ByteView{&kZero, padded ? 1U : 0U}, digits});
}

WipingBytes bit_string(ByteView bytes) {
  constexpr std::uint8_t kUnusedBits = 0;
  return value(Tag::bit_string, {{&kUnusedBits, 1}, bytes});
}

}  // namespace fauxkey::crypto::der
