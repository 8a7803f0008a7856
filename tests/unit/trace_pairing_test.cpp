// Packets with the messages that they make, and what is secret in both.
#include <doctest/doctest.h>

#include <string_view>

#include "cbor/cbor.h"
#include "control/trace_pairing.h"
#include "control/trace_secrets.h"
#include "ctaphid/packet.h"

namespace trace_pairing_test {

using namespace fauxkey;
using cbor::Map;
using cbor::Value;
using control::TraceEvent;
using control::TracePairing;
using ctaphid::Direction;

constexpr std::uint32_t kChannel = 7;
constexpr auto kCbor = ctaphid::Command::cbor;

TraceEvent packet_of(Direction direction, ByteView message, std::size_t index,
                     std::uint32_t channel = kChannel) {
  TraceEvent event;
  event.kind = TraceEvent::Kind::packet;
  event.direction = direction;
  const auto report = ctaphid::make_packet(channel, kCbor, message, index);
  event.bytes.assign(report.begin(), report.end());
  return event;
}

TraceEvent message_of(Direction direction, const Bytes& message, std::uint32_t channel = kChannel) {
  TraceEvent event;
  event.kind = TraceEvent::Kind::message;
  event.direction = direction;
  event.channel = channel;
  event.command = static_cast<std::uint8_t>(kCbor);
  event.bytes = message;
  return event;
}

Bytes with_parameters(std::uint8_t first, const Map& parameters) {
  Bytes message{first};
  append(message, cbor::encode(parameters));
  return message;
}

bool contains(ByteView bytes, ByteView part) { return !std::ranges::search(bytes, part).empty(); }

/// All that comes out of a pairing: request and answer, each packet and message as the device tells them.
std::vector<TraceEvent> traced(TracePairing& pairing, const Bytes& request, const Bytes& answer) {
  std::vector<TraceEvent> all;
  const auto take = [&](TraceEvent event) {
    for (auto& ready : pairing.take(std::move(event))) all.push_back(std::move(ready));
  };
  for (std::size_t i = 0; i < ctaphid::packet_count(request.size()); ++i)
    take(packet_of(Direction::in, request, i));
  take(message_of(Direction::in, request));
  take(message_of(Direction::out, answer));
  for (std::size_t i = 0; i < ctaphid::packet_count(answer.size()); ++i)
    take(packet_of(Direction::out, answer, i));
  return all;
}

TEST_CASE("the packet that ends a message carries it decoded, in both directions, and no other packet does") {
  TracePairing pairing{false};
  const auto request = with_parameters(0x02, {{1, std::string(100, 'r')}, {2, Bytes(32)}});
  const auto answer = with_parameters(0x00, {{3, Bytes(90)}});
  const auto all = traced(pairing, request, answer);
  REQUIRE(all.size() == 3 + 1 + 1 + 2);
  for (const std::size_t i : {0U, 1U, 5U}) CHECK_FALSE(all[i].decoded);
  CHECK(all[3].kind == TraceEvent::Kind::message);
  CHECK(all[2].decoded == all[3].decoded);
  CHECK((*all[2].decoded)["command"] == "getAssertion");
  CHECK(all[6].decoded == all[4].decoded);
  CHECK((*all[6].decoded)["statusName"] == "OK");
}

TEST_CASE("packets that never make a message are written all the same, at the latest at the end") {
  TracePairing pairing{false};
  const Bytes message(100, 0xA0);
  CHECK(pairing.take(packet_of(Direction::in, message, 0)).empty());
  CHECK(pairing.take(packet_of(Direction::in, message, 0)).size() == 1);  // begun anew
  TraceEvent error = message_of(Direction::out, {0x04});
  error.command = static_cast<std::uint8_t>(ctaphid::Command::error);
  error.why = "because";
  const auto ready = pairing.take(error);
  REQUIRE(ready.size() == 2);
  CHECK(ready[0].kind == TraceEvent::Kind::packet);
  CHECK((*ready[1].decoded)["why"] == "because");
  CHECK(pairing.take(packet_of(Direction::in, message, 1)).size() == 1);  // continues nothing
  CHECK(pairing.take(packet_of(Direction::in, message, 0)).empty());
  CHECK(pairing.rest().size() == 1);
  CHECK(pairing.rest().empty());
}

TEST_CASE("hosts that begin messages on ever new channels do not fill the memory") {
  TracePairing pairing{false};
  std::size_t ready = 0;
  for (std::uint32_t channel = 1; channel <= 10'000; ++channel)
    ready += pairing.take(packet_of(Direction::in, Bytes(100), 0, channel)).size();
  CHECK(ready >= 9'000);
  CHECK(ready + pairing.rest().size() == 10'000);
}

TEST_CASE("what platforms keep on the key in plain stands as zeros in messages and their packets") {
  const Bytes secret{0x5E, 0xC2, 0xE7, 0x5E, 0xC2, 0xE7, 0x11, 0x22, 0x33, 0x44};
  Bytes auth_data(37, 0x01);
  append(auth_data, cbor::encode(Map{{"credBlob", secret}, {"hmac-secret", Bytes(48, 9)}}));
  const Bytes key(32, 0x5E);
  struct Row {
    Bytes request;
    Bytes answer;
  };
  const std::vector<Row> rows{
      {with_parameters(0x01, {{3, std::string(70, 'u')}, {6, Map{{"credBlob", secret}}}}),
       with_parameters(0x00, {{5, key}})},
      {with_parameters(0x02, {{1, "a"}}), with_parameters(0x00, {{2, auth_data}, {7, key}})},
      {Bytes{0x08}, with_parameters(0x00, {{2, auth_data}, {7, key}})},
      {with_parameters(0x0A, {{1, 4}}), with_parameters(0x00, {{0x0B, key}})},
      {with_parameters(0x0C, {{2, secret}, {3, 0}}), with_parameters(0x00, {{1, secret}})},
      {with_parameters(0x02, {{4, Map{{"largeBlob", Map{{"write", secret}, {"originalSize", 4}}}}}}),
       with_parameters(0x00, {{8, Map{{"largeBlob", Map{{"blob", secret}, {"originalSize", 4}}}}}})},
  };
  for (const auto& row : rows) {
    for (const bool shown : {false, true}) {
      TracePairing pairing{shown};
      bool seen = false;
      bool named = false;
      Bytes on_wire;
      for (const auto& event : traced(pairing, row.request, row.answer)) {
        if (event.kind == TraceEvent::Kind::packet) append(on_wire, event.bytes);
        seen = seen || contains(event.bytes, secret) || contains(event.bytes, ByteView{key}.first(20));
        if (event.decoded) named = named || event.decoded->contains("redacted");
      }
      CHECK(seen == shown);
      CHECK(named == !shown);
      CHECK(on_wire.size() % 64U == 0U);
      CHECK(contains(on_wire, Bytes{row.request[0]}));
    }
  }
}

TEST_CASE("of a message with secrets, packets that a fault sent show their headers alone") {
  const Bytes key(32, 0x5E);
  const auto answer = with_parameters(0x00, {{2, Bytes(60, 1)}, {7, key}});
  for (const bool shown : {false, true}) {
    TracePairing pairing{shown};
    (void)pairing.take(message_of(Direction::in, with_parameters(0x02, {{1, "a"}})));
    (void)pairing.take(message_of(Direction::out, answer));
    bool seen = false;
    for (std::size_t i = 0; i < ctaphid::packet_count(answer.size()); ++i) {
      auto packet = packet_of(Direction::out, answer, i);
      const auto report = ctaphid::make_packet(kChannel, kCbor, answer, i);
      packet.sent = {report, report};
      const auto ready = pairing.take(packet);
      REQUIRE(ready.size() == 1);
      REQUIRE(ready[0].sent);
      REQUIRE(ready[0].sent->size() == 2);
      for (const auto& sent : *ready[0].sent) {
        CHECK(std::equal(sent.begin(), sent.begin() + 5, report.begin()));
        seen = seen || contains(sent, ByteView{key}.first(20));
      }
    }
    CHECK(seen == shown);
  }
}

TEST_CASE("nothing else of a message changes, however malformed it is") {
  Bytes message = with_parameters(0x01, {{1, Bytes(32, 7)}, {6, Map{{"credBlob", Bytes{1, 2, 3}}}}});
  const Bytes before = message;
  CHECK(control::redact(message, Direction::in, 0x01) == std::vector<std::string>{"credBlob"});
  REQUIRE(message.size() == before.size());
  std::size_t changed = 0;
  for (std::size_t i = 0; i < message.size(); ++i) changed += message[i] != before[i] ? 1U : 0U;
  CHECK(changed == 3);
  // Cut off anywhere, it is taken as it is, and what is there of the secret is gone.
  for (std::size_t size = 0; size < before.size(); ++size) {
    Bytes part{before.begin(), before.begin() + static_cast<std::ptrdiff_t>(size)};
    (void)control::redact(part, Direction::in, 0x01);
    CHECK(part.size() == size);
    CHECK_FALSE(contains(part, Bytes{1, 2}));
  }
}

}  // namespace trace_pairing_test
