#include "requests.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace fauxkey::bench {
namespace {

constexpr std::string_view kRpId = "bench.example";

// CBOR (RFC 8949) of the few kinds that are needed.
void head(Bytes& out, unsigned major, std::size_t value) {
  const auto type = static_cast<std::uint8_t>(major << 5U);
  if (value < 24) {
    out.push_back(static_cast<std::uint8_t>(type | value));
  } else if (value < 256) {
    out.insert(out.end(), {static_cast<std::uint8_t>(type | 24U), static_cast<std::uint8_t>(value)});
  } else {
    out.insert(out.end(), {static_cast<std::uint8_t>(type | 25U), static_cast<std::uint8_t>(value >> 8U),
                           static_cast<std::uint8_t>(value)});
  }
}
void number(Bytes& out, unsigned value) { head(out, 0, value); }
void text(Bytes& out, std::string_view value) {
  head(out, 3, value.size());
  out.insert(out.end(), value.begin(), value.end());
}
void bytes(Bytes& out, ByteView value) {
  head(out, 2, value.size());
  append(out, value);
}
void array(Bytes& out, std::size_t size) { head(out, 4, size); }
void map(Bytes& out, std::size_t size) { head(out, 5, size); }

const Bytes kClientDataHash(32, 0xC1);

}  // namespace

Bytes get_info() { return {0x04}; }

Bytes make_credential(bool discoverable) {
  Bytes out{0x01};
  map(out, 5);
  number(out, 1);
  bytes(out, kClientDataHash);
  number(out, 2);
  map(out, 2);
  text(out, "id");
  text(out, kRpId);
  text(out, "name");
  text(out, "Bench");
  number(out, 3);
  map(out, 2);
  text(out, "id");
  bytes(out, Bytes(16, 0x01));
  text(out, "name");
  text(out, "alice");
  number(out, 4);
  array(out, 1);
  map(out, 2);
  text(out, "alg");
  head(out, 1, 6);  // -7: ES256
  text(out, "type");
  text(out, "public-key");
  number(out, 7);
  map(out, 1);
  text(out, "rk");
  out.push_back(discoverable ? 0xF5 : 0xF4);
  return out;
}

Bytes get_assertion(ByteView id) {
  Bytes out{0x02};
  map(out, id.empty() ? 2 : 3);
  number(out, 1);
  text(out, kRpId);
  number(out, 2);
  bytes(out, kClientDataHash);
  if (!id.empty()) {
    number(out, 3);
    array(out, 1);
    map(out, 2);
    text(out, "id");
    bytes(out, id);
    text(out, "type");
    text(out, "public-key");
  }
  return out;
}

Bytes credential_id_of(ByteView answer) {
  // 00, a map whose first members are 1: fmt, a short text, and 2: authData, bytes whose size takes a byte or
  // two.
  if (answer.size() < 4 || answer[0] != 0 || answer[2] != 0x01 || answer[3] < 0x60 || answer[3] > 0x77)
    return {};
  ByteView rest = answer.subspan(std::min<std::size_t>(answer.size(), 4U + (answer[3] & 0x1FU)));
  if (rest.size() < 4 || rest[0] != 0x02 || (rest[1] != 0x58 && rest[1] != 0x59)) return {};
  rest = rest.subspan(rest[1] == 0x58 ? 3 : 4);
  // authData: rpIdHash 32, flags 1, counter 4, AAGUID 16, size of the id 2, the id (WebAuthn 6.1, 6.5.1)
  constexpr std::size_t kSizeAt = 53;
  if (rest.size() < kSizeAt + 2) return {};
  const std::size_t size = std::size_t{rest[kSizeAt]} << 8U | rest[kSizeAt + 1];
  if (rest.size() < kSizeAt + 2 + size) return {};
  const ByteView id = rest.subspan(kSizeAt + 2, size);
  return {id.begin(), id.end()};
}

}  // namespace fauxkey::bench
