// Two channels mix every pair of commands that span several requests: each goes on where it was, and nothing
// of it can be had on the other channel (CTAP 2.3, 6: stateful commands).
#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <string>

#include "platform.h"

namespace {

using namespace fauxkey;
using cbor::Map;
using cbor::Value;
using test::Bench;

constexpr const char* kPin = "2468";

KeyConfig with_sensor() {
  KeyConfig config;
  config.built_in_uv = BuiltInUvKind::fingerprint;
  return config;
}

/// A key with a PIN, two relying parties with three accounts each, and a token for all that it manages.
struct Key : Bench {
  static constexpr std::uint32_t kAside = 9;  // what is not looked at

  Key() : Bench{with_sensor()} {
    channel = kAside;
    for (const char* rp_id : {"a.example", "b.example"}) {
      for (const char* account : {"u1", "u2", "u3"}) {
        REQUIRE(send(0x01, registration(account, true, rp_id)).status == Status::ok);
      }
    }
    REQUIRE(set_pin(kPin).status == Status::ok);
    REQUIRE(get_token(kPin, 0x04 | 0x08 | 0x10, token, nullptr) == Status::ok);
  }

  [[nodiscard]] Map signed_with_token(Map request, const Bytes& covered, int protocol_member) const {
    request.emplace_back(protocol_member, 2);
    request.emplace_back(protocol_member + 1, Value::bytes(crypto::hmac_sha256(token, {covered})));
    return request;
  }
  [[nodiscard]] Map management(std::uint8_t subcommand, const Map& params = {}) const {
    Bytes covered{subcommand};
    Map request{{1, subcommand}};
    if (!params.empty()) {
      append(covered, cbor::encode(params));
      request.emplace_back(2, params);
    }
    return signed_with_token(std::move(request), covered, 3);
  }
  [[nodiscard]] Map enrollment(std::uint8_t subcommand, const Map& params = {}) const {
    Bytes covered{0x01, subcommand};
    Map request{{1, 1}, {2, subcommand}};
    if (!params.empty()) {
      append(covered, cbor::encode(params));
      request.emplace_back(3, params);
    }
    return signed_with_token(std::move(request), covered, 4);
  }
  [[nodiscard]] Map fragment(const Bytes& whole, std::size_t offset, std::size_t size) const {
    const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(offset);
    const Bytes part{begin, begin + static_cast<std::ptrdiff_t>(size)};
    Map request{{2, part}, {3, static_cast<std::uint64_t>(offset)}};
    if (offset == 0) request.emplace_back(4, static_cast<std::uint64_t>(whole.size()));
    // 6.10.2: 32 bytes 0xff, command, 0, offset (32 bits, little-endian), SHA-256 of the fragment.
    Bytes covered(32, 0xff);
    for (const std::size_t byte :
         {std::size_t{0x0c}, std::size_t{0}, offset & 0xff, offset >> 8, std::size_t{0}, std::size_t{0}})
      covered.push_back(static_cast<std::uint8_t>(byte));
    append(covered, crypto::sha256(part));
    request.emplace_back(5, Value::bytes(crypto::hmac_sha256(token, {covered})));
    request.emplace_back(6, 2);
    return request;
  }

  SecretBytes token;
  std::array<Bytes, 3> templates;  // by channel
};

/// An empty large-blob array with a map of this size in it, and its check.
Bytes blob_array(std::uint8_t filling) {
  cbor::Map entry{{1, Bytes(60, filling)}, {2, Bytes(12, filling)}, {3, 40}};
  Bytes bytes = cbor::encode(cbor::Array{entry});
  const auto digest = crypto::sha256(bytes);
  bytes.insert(bytes.end(), digest.begin(), digest.begin() + 16);
  return bytes;
}

struct Operation {
  std::string name;
  std::function<Status(Key&, std::uint32_t)> begin;
  std::function<Status(Key&, std::uint32_t)> next;
  Status refusal;  ///< to a channel that did not begin
};

const std::array kOperations{
    Operation{"getNextAssertion",
              [](Key& key, std::uint32_t channel) {
                return key.send_on(channel, 0x02, Bench::login("a.example")).status;
              },
              [](Key& key, std::uint32_t channel) { return key.send_on(channel, 0x08).status; },
              Status::not_allowed},
    Operation{
        "enumerateRPs",
        [](Key& key, std::uint32_t channel) { return key.send_on(channel, 0x0A, key.management(2)).status; },
        [](Key& key, std::uint32_t channel) { return key.send_on(channel, 0x0A, Map{{1, 3}}).status; },
        Status::not_allowed},
    Operation{"enumerateCredentials",
              [](Key& key, std::uint32_t channel) {
                const auto hash = crypto::sha256(std::string_view{"b.example"});
                return key.send_on(channel, 0x0A, key.management(4, Map{{1, Value::bytes(hash)}})).status;
              },
              [](Key& key, std::uint32_t channel) { return key.send_on(channel, 0x0A, Map{{1, 5}}).status; },
              Status::not_allowed},
    Operation{"enrollment",
              [](Key& key, std::uint32_t channel) {
                const auto answer = key.send_on(channel, 0x09, key.enrollment(1));
                if (answer.status == Status::ok) key.templates[channel] = *answer[4].as<Bytes>();
                return answer.status;
              },
              [](Key& key, std::uint32_t channel) {
                const Bytes& id =
                    key.templates[channel].empty() ? key.templates[3 - channel] : key.templates[channel];
                return key.send_on(channel, 0x09, key.enrollment(2, Map{{1, id}})).status;
              },
              Status::not_allowed},
    Operation{"largeBlobs",
              [](Key& key, std::uint32_t channel) {
                return key
                    .send_on(channel, 0x0C,
                             key.fragment(blob_array(static_cast<std::uint8_t>(channel)), 0, 40))
                    .status;
              },
              [](Key& key, std::uint32_t channel) {
                const Bytes whole = blob_array(static_cast<std::uint8_t>(channel));
                return key.send_on(channel, 0x0C, key.fragment(whole, 40, whole.size() - 40)).status;
              },
              Status::invalid_seq},
};

TEST_CASE("two channels mix each pair of stateful commands, and both go on") {
  for (const auto& first : kOperations) {
    for (const auto& second : kOperations) {
      CAPTURE(first.name);
      CAPTURE(second.name);
      // There is one sensor: whoever begins an enrollment ends another's.
      if (first.name == second.name && first.name == "enrollment") continue;
      Key key;
      REQUIRE(first.begin(key, 1) == Status::ok);
      CHECK(second.begin(key, 2) == Status::ok);
      CHECK(first.next(key, 1) == Status::ok);
      CHECK(second.next(key, 2) == Status::ok);
    }
  }
}

TEST_CASE("what one channel began is refused to another, and not lost by that") {
  for (const auto& operation : kOperations) {
    CAPTURE(operation.name);
    Key key;
    REQUIRE(operation.begin(key, 1) == Status::ok);
    CHECK(operation.next(key, 2) == operation.refusal);
    CHECK(operation.next(key, 1) == Status::ok);
  }
}

TEST_CASE("another command on the same channel ends what was begun there, but an enrollment") {
  for (const auto& operation : kOperations) {
    CAPTURE(operation.name);
    Key key;
    REQUIRE(operation.begin(key, 1) == Status::ok);
    REQUIRE(key.send_on(1, 0x04).status == Status::ok);
    // 6.7.6: that has a command of its own to end it.
    const bool goes_on = operation.name == "enrollment";
    CHECK(operation.next(key, 1) == (goes_on ? Status::ok : operation.refusal));
  }
}

TEST_CASE("a token of one channel replaces the other's, whose enumeration goes on") {
  Key key;
  REQUIRE(key.send_on(1, 0x0A, key.management(2)).status == Status::ok);
  const Map by_the_old = key.management(1);
  REQUIRE(key.get_token(kPin, 0x04, key.token, nullptr) == Status::ok);
  CHECK(key.send_on(2, 0x0A, by_the_old).status == Status::pin_auth_invalid);
  CHECK(key.send_on(1, 0x0A, Map{{1, 3}}).status == Status::ok);
  CHECK(key.send_on(2, 0x0A, key.management(1)).status == Status::ok);
}

TEST_CASE("a cancel in each waiting state is KEEPALIVE_CANCEL, and leaves the other channel alone") {
  struct Waiting {
    std::string name;
    std::uint8_t command;
    std::function<Map(Key&)> request;
  };
  const std::array waits{
      Waiting{"makeCredential", 0x01, [](Key&) { return Bench::registration("new", false); }},
      Waiting{"getAssertion", 0x02, [](Key&) { return Bench::login("a.example"); }},
      Waiting{"selection", 0x0B, [](Key&) { return Map{}; }},
      Waiting{"reset", 0x07, [](Key&) { return Map{}; }},
      Waiting{"enrollment", 0x09, [](Key& key) { return key.enrollment(1); }},
  };
  for (const auto& wait : waits) {
    for (const auto& other : kOperations) {
      CAPTURE(wait.name);
      CAPTURE(other.name);
      Key key;
      if (wait.name == other.name) continue;
      REQUIRE(other.begin(key, 1) == Status::ok);
      Bytes message{wait.command};
      if (const Map request = wait.request(key); !request.empty()) append(message, cbor::encode(request));
      std::stop_source stop;
      stop.request_stop();
      const Bytes answer =
          key.key.process_cbor(message, {.channel = 2, .stop = stop.get_token(), .on_waiting = {}});
      CHECK(answer == Bytes{static_cast<std::uint8_t>(Status::keepalive_cancel)});
      CHECK(other.next(key, 1) == Status::ok);
    }
  }
}

}  // namespace
