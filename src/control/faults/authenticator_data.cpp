#include "control/faults/authenticator_data.h"

#include <algorithm>

namespace fauxkey::control::faults {
namespace {

constexpr std::size_t kHeader = 32 + 1 + 4;

/// The size of the CBOR item that `bytes` begin with (RFC 8949, 3), definite lengths only; 0 where there is
/// none.
std::size_t item_size(ByteView bytes, int depth = 8) {
  if (bytes.empty() || depth == 0) return 0;
  const unsigned major = bytes[0] >> 5U;
  const unsigned info = bytes[0] & 0x1FU;
  if (info > 27) return 0;
  const std::size_t extra = info < 24 ? 0 : std::size_t{1} << (info - 24);
  std::size_t size = 1 + extra;
  if (bytes.size() < size) return 0;
  std::uint64_t argument = info;
  if (extra > 0) argument = 0;
  for (std::size_t i = 0; i < extra; ++i) argument = argument << 8U | bytes[1 + i];

  if (major == 2 || major == 3) return argument <= bytes.size() - size ? size + argument : 0;
  std::uint64_t items = 0;
  if (major == 4) items = argument;
  if (major == 5) items = argument > bytes.size() ? argument : 2 * argument;
  if (major == 6) items = 1;
  for (; items > 0; --items) {
    const std::size_t item = item_size(bytes.subspan(size), depth - 1);
    if (item == 0) return 0;
    size += item;
  }
  return size;
}

}  // namespace

std::optional<AuthenticatorData> read_authenticator_data(ByteView bytes) {
  AuthenticatorData data;
  if (bytes.size() < kHeader) return std::nullopt;
  std::ranges::copy(bytes.first(32), data.rp_id_hash.begin());
  data.flags = bytes[32];
  for (const std::uint8_t byte : bytes.subspan(33, 4)) data.counter = data.counter << 8U | byte;
  ByteView rest = bytes.subspan(kHeader);
  if ((data.flags & kFlagAt) != 0) {
    AttestedCredential attested;
    constexpr std::size_t kFixed = Aaguid{}.size() + 2;
    if (rest.size() < kFixed) return std::nullopt;
    std::ranges::copy(rest.first(attested.aaguid.size()), attested.aaguid.begin());
    const std::size_t length = std::size_t{rest[kFixed - 2]} << 8U | rest[kFixed - 1];
    rest = rest.subspan(kFixed);
    if (rest.size() < length) return std::nullopt;
    attested.credential_id.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(length));
    rest = rest.subspan(length);
    const std::size_t key = item_size(rest);
    if (key == 0) return std::nullopt;
    attested.public_key.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(key));
    rest = rest.subspan(key);
    data.attested = std::move(attested);
  }
  data.extensions.assign(rest.begin(), rest.end());
  return data;
}

Bytes write(const AuthenticatorData& data) {
  Bytes bytes{data.rp_id_hash.begin(), data.rp_id_hash.end()};
  bytes.push_back(data.flags);
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(data.counter >> shift));
  if (data.attested) {
    append(bytes, data.attested->aaguid);
    bytes.push_back(static_cast<std::uint8_t>(data.attested->credential_id.size() >> 8U));
    bytes.push_back(static_cast<std::uint8_t>(data.attested->credential_id.size()));
    append(bytes, data.attested->credential_id);
    append(bytes, data.attested->public_key);
  }
  append(bytes, data.extensions);
  return bytes;
}

}  // namespace fauxkey::control::faults
