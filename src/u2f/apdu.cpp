#include "u2f/apdu.h"

namespace fauxkey::u2f {
namespace {

constexpr std::size_t kHeaderSize = 4;

/// Whether `size` bytes are a valid Le field, or none.
bool is_le(std::size_t size, bool extended) { return size == 0 || size == (extended ? 2 : 1); }

}  // namespace

std::expected<Apdu, Refused> parse_apdu(ByteView bytes) {
  const auto wrong_length = [&](const char* why) {
    return std::unexpected{Refused{StatusWord::wrong_length, why}};
  };
  if (bytes.size() < kHeaderSize) return wrong_length("the APDU is shorter than its header of 4 bytes");
  Apdu apdu{.cla = bytes[0], .ins = bytes[1], .p1 = bytes[2], .p2 = bytes[3], .data = {}};
  const ByteView body = bytes.subspan(kHeaderSize);
  // No data: nothing, a short Le, or 00 and a long one.
  if (body.size() <= 1 || (body.size() == 3 && body[0] == 0)) return apdu;
  // A first byte of zero announces a length of two bytes.
  const bool extended = body[0] == 0;
  const std::size_t length_size = extended ? 3 : 1;
  if (body.size() < length_size) return wrong_length("the APDU ends within its length Lc");
  const std::size_t length = extended ? static_cast<std::size_t>(body[1] << 8 | body[2]) : body[0];
  const ByteView rest = body.subspan(length_size);
  // Section 3.1 has no Lc without data; but python-fido2 sends one of three zero bytes before a long Le, and
  // keys take it.
  if (length == 0 && extended && is_le(rest.size(), true) && !rest.empty()) return apdu;
  if (length == 0 || rest.size() < length || !is_le(rest.size() - length, extended))
    return wrong_length("the APDU's length Lc does not fit the bytes behind it");
  apdu.data = rest.first(length);
  return apdu;
}

}  // namespace fauxkey::u2f
