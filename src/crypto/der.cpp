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
  const auto element = take_any();
  return element ? std::optional{element->content} : std::nullopt;
}

std::optional<Element> Reader::take_any() {
  constexpr std::uint8_t kLongTag = 0x1F;
  if (rest_.empty() || (rest_.front() & kLongTag) == kLongTag) return std::nullopt;
  ByteView rest = rest_.subspan(1);
  const auto length = take_length(rest);
  if (!length || *length > rest.size()) return std::nullopt;
  const Element element{.tag = rest_.front(),
                        .content = rest.first(*length),
                        .whole = rest_.first(rest_.size() - rest.size() + *length)};
  rest_ = rest.subspan(*length);
  return element;
}

std::optional<ByteView> Reader::take_unsigned() {
  const auto bytes = take(Tag::integer);
  if (!bytes || bytes->empty() || (bytes->front() & 0x80U) != 0) return std::nullopt;
  // A first byte of zero is there only where the second one would make the number negative.
  if (bytes->size() > 1 && bytes->front() == 0 && ((*bytes)[1] & 0x80U) == 0) return std::nullopt;
  return without_leading_zeros(*bytes);
}

namespace {

constexpr std::size_t kMaxTagBytes = 6;

/// Behind the tag that `bytes` begins with.
void append_content(WipingBytes& bytes, std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  bytes.reserve(size + kMaxTagBytes + 1 + kMaxLengthBytes);
  if (size < kLongForm) {
    bytes.push_back(static_cast<std::uint8_t>(size));
  } else {
    std::size_t count = 1;
    while (count < kMaxLengthBytes && size >> (8 * count) != 0) ++count;
    bytes.push_back(static_cast<std::uint8_t>(kLongForm | count));
    while (count-- > 0) bytes.push_back(static_cast<std::uint8_t>(size >> (8 * count)));
  }
  for (const ByteView part : parts) append(bytes, part);
}

}  // namespace

WipingBytes value(Tag tag, std::initializer_list<ByteView> parts) {
  WipingBytes bytes;
  bytes.push_back(static_cast<std::uint8_t>(tag));
  append_content(bytes, parts);
  return bytes;
}

WipingBytes tagged(std::uint32_t number, ByteView value) {
  constexpr std::uint8_t kContext = 0xA0;  // and constructed
  constexpr std::uint32_t kFirstLong = 31;
  WipingBytes bytes;
  bytes.reserve(kMaxTagBytes);
  if (number < kFirstLong) {
    bytes.push_back(static_cast<std::uint8_t>(kContext | number));
  } else {
    // X.690, 8.1.2.4: seven bits in each byte, the highest first.
    bytes.push_back(static_cast<std::uint8_t>(kContext | kFirstLong));
    unsigned shift = 28;
    while (shift > 0 && number >> shift == 0) shift -= 7;
    for (; shift > 0; shift -= 7)
      bytes.push_back(static_cast<std::uint8_t>(0x80U | ((number >> shift) & 0x7FU)));
    bytes.push_back(static_cast<std::uint8_t>(number & 0x7FU));
  }
  append_content(bytes, {value});
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
