// Two channels mix every pair of commands that span several requests: each goes on where it was, and nothing
// of it can be had on the other channel (CTAP 2.3, 6: stateful commands).
#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <string>

#include "managed_key.h"

namespace interleaving_test {

using namespace fauxkey;
using cbor::Map;
using cbor::Value;
using test::Bench;
using test::blob_array;
using test::ManagedKey;

struct Operation {
  std::string name;
  std::function<Status(ManagedKey&, std::uint32_t)> begin;
  std::function<Status(ManagedKey&, std::uint32_t)> next;
  Status refusal;  ///< to a channel that did not begin
};

const std::array kOperations{
    Operation{"getNextAssertion",
              [](ManagedKey& key, std::uint32_t channel) {
                return key.send_on(channel, 0x02, Bench::login("a.example")).status;
              },
              [](ManagedKey& key, std::uint32_t channel) { return key.send_on(channel, 0x08).status; },
              Status::not_allowed},
    Operation{
        "enumerateRPs",
        [](ManagedKey& key, std::uint32_t channel) {
          return key.send_on(channel, 0x0A, key.management(2)).status;
        },
        [](ManagedKey& key, std::uint32_t channel) { return key.send_on(channel, 0x0A, Map{{1, 3}}).status; },
        Status::not_allowed},
    Operation{
        "enumerateCredentials",
        [](ManagedKey& key, std::uint32_t channel) {
          const auto hash = crypto::sha256(std::string_view{"b.example"});
          return key.send_on(channel, 0x0A, key.management(4, Map{{1, Value::bytes(hash)}})).status;
        },
        [](ManagedKey& key, std::uint32_t channel) { return key.send_on(channel, 0x0A, Map{{1, 5}}).status; },
        Status::not_allowed},
    Operation{"enrollment",
              [](ManagedKey& key, std::uint32_t channel) {
                const auto answer = key.send_on(channel, 0x09, key.enrollment(1));
                if (answer.status == Status::ok) key.templates[channel] = *answer[4].as<Bytes>();
                return answer.status;
              },
              [](ManagedKey& key, std::uint32_t channel) {
                const Bytes& id =
                    key.templates[channel].empty() ? key.templates[3 - channel] : key.templates[channel];
                return key.send_on(channel, 0x09, key.enrollment(2, Map{{1, id}})).status;
              },
              Status::not_allowed},
    Operation{"largeBlobs",
              [](ManagedKey& key, std::uint32_t channel) {
                return key
                    .send_on(channel, 0x0C,
                             key.fragment(blob_array(static_cast<std::uint8_t>(channel)), 0, 40))
                    .status;
              },
              [](ManagedKey& key, std::uint32_t channel) {
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
      ManagedKey key;
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
    ManagedKey key;
    REQUIRE(operation.begin(key, 1) == Status::ok);
    CHECK(operation.next(key, 2) == operation.refusal);
    CHECK(operation.next(key, 1) == Status::ok);
  }
}

TEST_CASE("another command on the same channel ends what was begun there, but an enrollment") {
  for (const auto& operation : kOperations) {
    CAPTURE(operation.name);
    ManagedKey key;
    REQUIRE(operation.begin(key, 1) == Status::ok);
    REQUIRE(key.send_on(1, 0x04).status == Status::ok);
    // 6.7.6: that has a command of its own to end it.
    const bool goes_on = operation.name == "enrollment";
    CHECK(operation.next(key, 1) == (goes_on ? Status::ok : operation.refusal));
  }
}

TEST_CASE("a token of one channel replaces the other's, whose enumeration goes on") {
  ManagedKey key;
  REQUIRE(key.send_on(1, 0x0A, key.management(2)).status == Status::ok);
  const Map by_the_old = key.management(1);
  REQUIRE(key.get_token(ManagedKey::kPin, 0x04, key.token, nullptr) == Status::ok);
  CHECK(key.send_on(2, 0x0A, by_the_old).status == Status::pin_auth_invalid);
  CHECK(key.send_on(1, 0x0A, Map{{1, 3}}).status == Status::ok);
  CHECK(key.send_on(2, 0x0A, key.management(1)).status == Status::ok);
}

TEST_CASE("a cancel in each waiting state is KEEPALIVE_CANCEL, and leaves the other channel alone") {
  struct Waiting {
    std::string name;
    std::uint8_t command;
    std::function<Map(ManagedKey&)> request;
  };
  const std::array waits{
      Waiting{"makeCredential", 0x01, [](ManagedKey&) { return Bench::registration("new", false); }},
      Waiting{"getAssertion", 0x02, [](ManagedKey&) { return Bench::login("a.example"); }},
      Waiting{"selection", 0x0B, [](ManagedKey&) { return Map{}; }},
      Waiting{"reset", 0x07, [](ManagedKey&) { return Map{}; }},
      Waiting{"enrollment", 0x09, [](ManagedKey& key) { return key.enrollment(1); }},
  };
  for (const auto& wait : waits) {
    for (const auto& other : kOperations) {
      CAPTURE(wait.name);
      CAPTURE(other.name);
      ManagedKey key;
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

}  // namespace interleaving_test
