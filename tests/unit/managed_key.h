// A key that is well in use, and what a platform does to manage it: requests with a token's pinUvAuthParam.
#pragma once

#include <array>

#include "platform.h"

namespace fauxkey::test {

/// A key with a PIN, two relying parties with three accounts each, and a token for all that it manages.
struct ManagedKey : Bench {
  static constexpr const char* kPin = "2468";
  static constexpr std::uint32_t kAside = 9;  // what is not looked at

  ManagedKey() : Bench{with_sensor()} {
    channel = kAside;
    for (const char* rp_id : {"a.example", "b.example"}) {
      for (const char* account : {"u1", "u2", "u3"}) {
        REQUIRE(send(0x01, registration(account, true, rp_id)).status == Status::ok);
      }
    }
    REQUIRE(set_pin(kPin).status == Status::ok);
    REQUIRE(get_token(kPin, 0x04 | 0x08 | 0x10, token, nullptr) == Status::ok);
  }

  [[nodiscard]] cbor::Map signed_with_token(cbor::Map request, const Bytes& covered,
                                            int protocol_member) const {
    request.emplace_back(protocol_member, 2);
    request.emplace_back(protocol_member + 1, cbor::Value::bytes(crypto::hmac_sha256(token, {covered})));
    return request;
  }
  [[nodiscard]] cbor::Map management(std::uint8_t subcommand, const cbor::Map& params = {}) const {
    Bytes covered{subcommand};
    cbor::Map request{{1, subcommand}};
    if (!params.empty()) {
      append(covered, cbor::encode(params));
      request.emplace_back(2, params);
    }
    return signed_with_token(std::move(request), covered, 3);
  }
  [[nodiscard]] cbor::Map enrollment(std::uint8_t subcommand, const cbor::Map& params = {}) const {
    Bytes covered{0x01, subcommand};
    cbor::Map request{{1, 1}, {2, subcommand}};
    if (!params.empty()) {
      append(covered, cbor::encode(params));
      request.emplace_back(3, params);
    }
    return signed_with_token(std::move(request), covered, 4);
  }
  [[nodiscard]] cbor::Map fragment(const Bytes& whole, std::size_t offset, std::size_t size) const {
    const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(offset);
    const Bytes part{begin, begin + static_cast<std::ptrdiff_t>(size)};
    cbor::Map request{{2, part}, {3, static_cast<std::uint64_t>(offset)}};
    if (offset == 0) request.emplace_back(4, static_cast<std::uint64_t>(whole.size()));
    // 6.10.2: 32 bytes 0xff, command, 0, offset (32 bits, little-endian), SHA-256 of the fragment.
    Bytes covered(32, 0xff);
    for (const std::size_t byte :
         {std::size_t{0x0c}, std::size_t{0}, offset & 0xff, offset >> 8, std::size_t{0}, std::size_t{0}})
      covered.push_back(static_cast<std::uint8_t>(byte));
    append(covered, crypto::sha256(part));
    request.emplace_back(5, cbor::Value::bytes(crypto::hmac_sha256(token, {covered})));
    request.emplace_back(6, 2);
    return request;
  }

  static KeyConfig with_sensor() {
    KeyConfig config;
    config.built_in_uv = BuiltInUvKind::fingerprint;
    return config;
  }

  SecretBytes token;
  std::array<Bytes, 3> templates;  // by channel
};

/// A large-blob array with one entry, and its check (6.10.2).
inline Bytes blob_array(std::uint8_t filling) {
  cbor::Map entry{{1, Bytes(60, filling)}, {2, Bytes(12, filling)}, {3, 40}};
  Bytes bytes = cbor::encode(cbor::Array{entry});
  const auto digest = crypto::sha256(bytes);
  bytes.insert(bytes.end(), digest.begin(), digest.begin() + 16);
  return bytes;
}

}  // namespace fauxkey::test
