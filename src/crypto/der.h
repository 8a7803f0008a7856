// ASN.1 DER (X.690), as much of it as keys need: a reader that takes what lies in other programs' files, and
// a writer.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "base/wiping.h"
#include "fauxkey/bytes.h"

namespace fauxkey::crypto::der {

enum class Tag : std::uint8_t {
  boolean = 0x01,
  integer = 0x02,
  bit_string = 0x03,
  octet_string = 0x04,
  null = 0x05,
  object_identifier = 0x06,
  enumerated = 0x0A,
  utf8_string = 0x0C,
  utc_time = 0x17,
  generalized_time = 0x18,
  sequence = 0x30,
  set = 0x31,
};
/// [number], whose content is further values.
[[nodiscard]] constexpr Tag constructed(std::uint8_t number) { return static_cast<Tag>(0xA0 | number); }
/// [number] in place of another primitive type's tag.
[[nodiscard]] constexpr Tag primitive(std::uint8_t number) { return static_cast<Tag>(0x80 | number); }

/// What stands at the beginning of a value, and its content.
struct Element {
  std::uint8_t tag = 0;
  ByteView content;
  ByteView whole;  ///< tag, length and content
};

/// Reads values one after the other. Lengths have their shortest form, and end within the bytes.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_{bytes} {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  /// The content of the next value where it has this tag; otherwise nothing, and the value is still the next.
  [[nodiscard]] std::optional<ByteView> take(Tag tag);
  /// The next value of whatever tag, where that has one byte.
  [[nodiscard]] std::optional<Element> take_any();
  /// An integer's bytes, big-endian without leading zeros (0: none). Nothing where it is negative.
  [[nodiscard]] std::optional<ByteView> take_unsigned();

 private:
  ByteView rest_;
};

/// One value; `parts` are its content in their order.
[[nodiscard]] WipingBytes value(Tag tag, std::initializer_list<ByteView> parts);
/// `big_endian` may have leading zeros.
[[nodiscard]] WipingBytes unsigned_integer(ByteView big_endian);
/// [number] EXPLICIT, of any number.
[[nodiscard]] WipingBytes tagged(std::uint32_t number, ByteView value);
/// A whole number of bytes.
[[nodiscard]] WipingBytes bit_string(ByteView bytes);

}  // namespace fauxkey::crypto::der
