// CTAPHID's rules (CTAP 2.3, 11.2), driven with a time that only the test moves.
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "ctaphid/engine.h"

namespace ctaphid_engine_test {

using namespace fauxkey;
using namespace fauxkey::ctaphid;
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return bytes;
}

/// A host on the other side of the engine.
struct Bench {
  struct Message {
    std::uint32_t channel = 0;
    Command command{};
    Bytes payload;
  };

  /// Each CTAPHID_ERROR is explained right before it, and nothing else is.
  explicit Bench(transport::Pacing pacing = {})
      : engine{{.channel_seed = 1, .pacing = pacing},
               [this](Direction, std::uint32_t channel, std::uint8_t command, ByteView) {
                 const bool error = command == static_cast<std::uint8_t>(Command::error);
                 CHECK(error == explained.has_value());
                 if (explained) CHECK(explained->first == channel);
                 if (explained) reasons.push_back(explained->second);
                 explained.reset();
               },
               [this](std::uint32_t channel, std::string_view why) {
                 CHECK_FALSE(explained);
                 CHECK_FALSE(why.empty());
                 explained.emplace(channel, why);
               }} {}

  std::optional<std::pair<std::uint32_t, std::string>> explained;
  std::vector<std::string> reasons;
  Engine engine;
  Time now{};
  std::vector<Request> started;
  std::vector<ExchangeId> cancelled;
  std::vector<ExchangeId> abandoned;
  int winks = 0;

  void send(const Report& report) {
    Effects effects = engine.on_report(report, now);
    if (effects.start) started.push_back(std::move(*effects.start));
    if (effects.cancel) cancelled.push_back(*effects.cancel);
    if (effects.abandon) abandoned.push_back(*effects.abandon);
    winks += effects.wink ? 1 : 0;
  }
  void send(std::uint32_t channel, Command command, const Bytes& message) {
    for (std::size_t i = 0; i < packet_count(message.size()); ++i)
      send(make_packet(channel, command, message, i));
  }
  /// An initialization packet that claims `size` bytes.
  void send_header(std::uint32_t channel, Command command, std::size_t size) {
    Report report = make_packet(channel, command, {}, 0);
    report[5] = static_cast<std::uint8_t>(size >> 8U);
    report[6] = static_cast<std::uint8_t>(size);
    send(report);
  }
  void wait(milliseconds time) {
    now += time;
    engine.on_timer(now);
  }
  std::vector<Report> reports() {
    std::vector<Report> all;
    while (const auto report = engine.next_report(now)) all.push_back(*report);
    return all;
  }
  /// The next whole message for any host; nothing where none is due.
  std::optional<Message> receive() {
    const auto first = engine.next_report(now);
    if (!first) return std::nullopt;
    REQUIRE(is_initial(*first));
    Message message{.channel = channel_of(*first), .command = command_of(*first), .payload = {}};
    append(message.payload, initial_payload_of(*first));
    for (std::uint8_t sequence = 0; message.payload.size() < message_size_of(*first); ++sequence) {
      const auto next = engine.next_report(now);
      REQUIRE(next);
      CHECK(channel_of(*next) == message.channel);
      CHECK(sequence_of(*next) == sequence);
      const auto part = continuation_payload_of(*next);
      append(message.payload,
             part.first(std::min(part.size(), message_size_of(*first) - message.payload.size())));
    }
    return message;
  }
  std::uint32_t open_channel() {
    const Bytes nonce{1, 2, 3, 4, 5, 6, 7, 8};
    send(kBroadcastChannel, Command::init, nonce);
    const auto reply = receive();
    REQUIRE(reply);
    REQUIRE(reply->command == Command::init);
    REQUIRE(reply->payload.size() == 17);
    return std::accumulate(reply->payload.begin() + 8, reply->payload.begin() + 12, std::uint32_t{0},
                           [](std::uint32_t sum, std::uint8_t byte) { return sum << 8U | byte; });
  }
  void check_reply(std::uint32_t channel, Command command, const Bytes& payload) {
    const auto reply = receive();
    REQUIRE(reply);
    CHECK(reply->channel == channel);
    CHECK(reply->command == command);
    CHECK(reply->payload == payload);
  }
  void check_error(std::uint32_t channel, Error error) {
    check_reply(channel, Command::error, {static_cast<std::uint8_t>(error)});
  }
  void check_silence() { CHECK_FALSE(engine.next_report(now)); }
  /// The device serves `channel` as if nothing had been.
  void check_works(std::uint32_t channel) {
    send(channel, Command::ping, pattern(100));
    check_reply(channel, Command::ping, pattern(100));
    check_silence();
  }
};

}  // namespace

TEST_CASE("ctaphid: an idle device says nothing and wants no timer (CHK-001)") {
  Bench bench;
  bench.wait(seconds{10});
  bench.check_silence();
  CHECK_FALSE(bench.engine.next_deadline());
  bench.open_channel();
  CHECK_FALSE(bench.engine.next_deadline());
}

TEST_CASE("ctaphid: a continuation packet without its message is ignored (CHK-002)") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.send(make_packet(channel, Command::ping, pattern(200), 1));
  bench.send(make_packet(kBroadcastChannel, Command::ping, pattern(200), 1));
  bench.send(make_packet(kReservedChannel, Command::ping, pattern(200), 1));
  bench.check_silence();
  bench.check_works(channel);
}

TEST_CASE("ctaphid: INIT on the broadcast channel gives out a channel (CHK-003)") {
  Bench bench;
  const Bytes nonce{8, 7, 6, 5, 4, 3, 2, 1};
  bench.send(kBroadcastChannel, Command::init, nonce);
  const auto reply = bench.receive();
  REQUIRE(reply);
  CHECK(reply->channel == kBroadcastChannel);
  CHECK(reply->command == Command::init);
  REQUIRE(reply->payload.size() == 17);
  CHECK(Bytes(reply->payload.begin(), reply->payload.begin() + 8) == nonce);
  CHECK(Bytes(reply->payload.begin() + 8, reply->payload.begin() + 12) != Bytes{0, 0, 0, 0});
  CHECK(Bytes(reply->payload.begin() + 8, reply->payload.begin() + 12) != Bytes{255, 255, 255, 255});
  CHECK(reply->payload[12] == 2);  // protocol version
  CHECK(Bytes(reply->payload.begin() + 13, reply->payload.begin() + 16) == Bytes{0, 1, 0});  // device version
  CHECK(reply->payload[16] == (kCapabilityWink | kCapabilityCbor));
}

TEST_CASE("ctaphid: every INIT gives another channel, and each works (CHK-004)") {
  Bench bench;
  std::set<std::uint32_t> channels;
  for (int i = 0; i < 200; ++i) channels.insert(bench.open_channel());
  CHECK(channels.size() == 200);
  CHECK(channels.count(kReservedChannel) == 0);
  CHECK(channels.count(kBroadcastChannel) == 0);
  for (const std::uint32_t channel : channels) bench.check_works(channel);
}

TEST_CASE("ctaphid: INIT needs a nonce of 8 bytes") {
  Bench bench;
  bench.send(kBroadcastChannel, Command::init, pattern(7));
  bench.check_error(kBroadcastChannel, Error::invalid_len);
  bench.send(kBroadcastChannel, Command::init, pattern(9));
  bench.check_error(kBroadcastChannel, Error::invalid_len);
}

TEST_CASE("ctaphid: PING returns what it was sent, from 0 to 7609 bytes (CHK-005, 006, 008)") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  for (const std::size_t size : {0U, 1U, 56U, 57U, 58U, 116U, 117U, 512U, 1024U, 7608U, 7609U}) {
    CAPTURE(size);
    bench.send(channel, Command::ping, pattern(size));  // begins with a byte 00
    bench.check_reply(channel, Command::ping, pattern(size));
    bench.check_silence();
  }
}

TEST_CASE("ctaphid: INIT on a channel drops that channel's message and keeps the channel (CHK-007)") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  const Bytes message = pattern(512);
  for (std::size_t i = 0; i + 1 < packet_count(512); ++i) {
    bench.send(make_packet(channel, Command::ping, message, i));
  }
  const Bytes nonce = pattern(8);
  bench.send(channel, Command::init, nonce);
  const auto reply = bench.receive();
  REQUIRE(reply);
  CHECK(reply->channel == channel);
  CHECK(reply->command == Command::init);
  REQUIRE(reply->payload.size() == 17);
  CHECK(Bytes(reply->payload.begin(), reply->payload.begin() + 8) == nonce);
  CHECK(reply->payload[8] == static_cast<std::uint8_t>(channel >> 24U));
  CHECK(reply->payload[11] == static_cast<std::uint8_t>(channel));
  bench.send(make_packet(channel, Command::ping, message, packet_count(512) - 1));
  bench.check_silence();
  bench.check_works(channel);
}

TEST_CASE("ctaphid: INIT on a channel abandons the request that is being processed") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.send(channel, Command::cbor, {0x04});
  REQUIRE(bench.started.size() == 1);
  bench.send(channel, Command::init, pattern(8));
  CHECK(bench.abandoned == std::vector{bench.started[0].exchange});
  CHECK(bench.receive()->command == Command::init);

  bench.send(channel, Command::cbor, {0x04});  // the next one does not get the answer of the one before
  REQUIRE(bench.started.size() == 2);
  bench.engine.on_answer(bench.started[0].exchange, {0x7F});
  bench.engine.on_waiting(bench.started[0].exchange, Waiting::user_presence, bench.now);
  bench.check_silence();
  bench.engine.on_answer(bench.started[1].exchange, {0x00});
  bench.check_reply(channel, Command::cbor, {0x00});
}

TEST_CASE("ctaphid: INIT on a channel drops the rest of an answer") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.send(channel, Command::ping, pattern(1000));
  CHECK(bench.engine.next_report(bench.now));
  bench.send(channel, Command::init, pattern(8));
  CHECK(bench.receive()->command == Command::init);
  bench.check_silence();
  bench.check_works(channel);
}

TEST_CASE("ctaphid: while a request is processed a keepalive goes out every 100 ms (CHK-009)") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.send(channel, Command::cbor, {0x01, 0xA0});
  bench.check_silence();
  for (int i = 0; i < 5; ++i) {
    CHECK(bench.engine.next_deadline() == bench.now + milliseconds{100});
    bench.wait(milliseconds{99});
    bench.check_silence();
    bench.wait(milliseconds{1});
    bench.check_reply(channel, Command::keepalive, {0x01});
    bench.check_silence();
  }
}

TEST_CASE("ctaphid: a change of what is waited for goes out at once, and no repetition") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.send(channel, Command::cbor, {0x01});
  const ExchangeId exchange = bench.started.at(0).exchange;
  bench.engine.on_waiting(exchange, Waiting::processing, bench.now);
  bench.check_silence();
  bench.wait(milliseconds{30});
  bench.engine.on_waiting(exchange, Waiting::user_presence, bench.now);
  bench.check_reply(channel, Command::keepalive, {0x02});
  bench.engine.on_waiting(exchange, Waiting::user_presence, bench.now);
  bench.check_silence();
  bench.wait(milliseconds{100});
  bench.check_reply(channel, Command::keepalive, {0x02});
  bench.engine.on_waiting(exchange, Waiting::processing, bench.now);
  bench.check_reply(channel, Command::keepalive, {0x01});
}

TEST_CASE("ctaphid: U2F's messages get no keepalives, which Chromium would take for a wrong answer") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.send(channel, Command::msg, {0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00});
  const ExchangeId exchange = bench.started.at(0).exchange;
  CHECK_FALSE(bench.engine.next_deadline());
  bench.engine.on_waiting(exchange, Waiting::user_presence, bench.now);
  bench.wait(seconds{1});
  bench.check_silence();
  bench.engine.on_answer(exchange, {0x90, 0x00});
  bench.check_reply(channel, Command::msg, {0x90, 0x00});
}

TEST_CASE("ctaphid: no keepalive follows the answer") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.send(channel, Command::cbor, {0x01});
  const ExchangeId exchange = bench.started.at(0).exchange;
  bench.engine.on_waiting(exchange, Waiting::user_presence, bench.now);
  bench.engine.on_answer(exchange, pattern(3000));
  bench.wait(milliseconds{100});
  const auto reports = bench.reports();
  REQUIRE(reports.size() == 1 + packet_count(3000));
  CHECK(command_of(reports.front()) == Command::keepalive);
  CHECK(command_of(reports[1]) == Command::cbor);
  bench.engine.on_waiting(exchange, Waiting::processing, bench.now);
  bench.wait(seconds{1});
  bench.check_silence();
}

TEST_CASE("ctaphid: CANCEL stops the request and has no reply of its own (CHK-010, 015)") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  const std::uint32_t other = bench.open_channel();
  bench.send(channel, Command::cancel, {});
  CHECK(bench.cancelled.empty());
  bench.check_silence();

  bench.send(channel, Command::cbor, {0x0B});
  const ExchangeId exchange = bench.started.at(0).exchange;
  bench.send(other, Command::cancel, {});  // not theirs to cancel
  CHECK(bench.cancelled.empty());
  bench.check_silence();
  bench.send(channel, Command::cancel, {});
  CHECK(bench.cancelled == std::vector{exchange});
  bench.check_silence();
  bench.engine.on_answer(exchange, {0x2D});
  bench.check_reply(channel, Command::cbor, {0x2D});
  bench.send(channel, Command::cancel, {});
  CHECK(bench.cancelled.size() == 1);
  bench.check_silence();
}

TEST_CASE("ctaphid: CANCEL in the middle of a message changes nothing") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.send(make_packet(channel, Command::ping, pattern(100), 0));
  bench.send(channel, Command::cancel, {});
  bench.send(make_packet(channel, Command::ping, pattern(100), 1));
  bench.check_reply(channel, Command::ping, pattern(100));
}

TEST_CASE("ctaphid: MSG and CBOR reach their handlers whole, with their channel") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  for (const Command command : {Command::msg, Command::cbor}) {
    bench.send(channel, command, pattern(2000));
    REQUIRE_FALSE(bench.started.empty());
    CHECK(bench.started.back().channel == channel);
    CHECK(bench.started.back().command == command);
    CHECK(bench.started.back().message == pattern(2000));
    bench.engine.on_answer(bench.started.back().exchange, pattern(7609));
    bench.check_reply(channel, command, pattern(7609));
  }
}

TEST_CASE("ctaphid: a handler without an answer, or with one too large, becomes ERROR OTHER") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  for (const std::size_t size : {std::size_t{0}, kMaxMessageSize + 1}) {
    bench.send(channel, Command::cbor, {0x04});
    bench.engine.on_answer(bench.started.back().exchange, Bytes(size));
    bench.check_error(channel, Error::other);
    bench.check_works(channel);
  }
}

TEST_CASE("ctaphid: WINK winks and answers without data (CHK-012)") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.send(channel, Command::wink, {});
  CHECK(bench.winks == 1);
  bench.check_reply(channel, Command::wink, {});
  bench.send(channel, Command::wink, {1});
  bench.check_error(channel, Error::invalid_len);
  CHECK(bench.winks == 1);
}

TEST_CASE("ctaphid: LOCK keeps every other channel out until it is released (CHK-013, 014)") {
  Bench bench;
  const std::uint32_t owner = bench.open_channel();
  const std::uint32_t other = bench.open_channel();
  bench.send(owner, Command::lock, {8});
  bench.check_reply(owner, Command::lock, {});
  for (const Command command : {Command::ping, Command::cbor, Command::msg, Command::wink, Command::lock}) {
    bench.send(other, command, {1});
    bench.check_error(other, Error::channel_busy);
  }
  bench.send(other, Command::init, pattern(8));
  bench.check_error(other, Error::channel_busy);
  CHECK(bench.started.empty());
  bench.check_works(owner);
  CHECK_FALSE(bench.engine.next_deadline());  // nobody is woken up for the end of a lock

  bench.send(owner, Command::lock, {0});
  bench.check_reply(owner, Command::lock, {});
  bench.send(other, Command::init, pattern(8));
  CHECK(bench.receive()->payload.size() == 17);
  bench.check_works(other);
}

TEST_CASE("ctaphid: under a lock a new channel can be had, though not used") {
  Bench bench;
  const std::uint32_t owner = bench.open_channel();
  bench.send(owner, Command::lock, {10});
  bench.check_reply(owner, Command::lock, {});
  const std::uint32_t other = bench.open_channel();
  bench.send(other, Command::ping, {1});
  bench.check_error(other, Error::channel_busy);
}

TEST_CASE("ctaphid: a lock ends by itself, and is renewed by another LOCK") {
  Bench bench;
  const std::uint32_t owner = bench.open_channel();
  const std::uint32_t other = bench.open_channel();
  bench.send(owner, Command::lock, {10});
  bench.check_reply(owner, Command::lock, {});
  bench.wait(milliseconds{9'999});
  bench.send(owner, Command::lock, {2});
  bench.check_reply(owner, Command::lock, {});
  bench.wait(milliseconds{1'999});
  bench.send(other, Command::wink, {});
  bench.check_error(other, Error::channel_busy);
  bench.wait(milliseconds{1});
  bench.check_works(other);
}

TEST_CASE("ctaphid: LOCK takes one byte of at most 10 seconds") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.send(channel, Command::lock, {11});
  bench.check_error(channel, Error::invalid_par);
  bench.send(channel, Command::lock, {});
  bench.check_error(channel, Error::invalid_len);
  bench.send(channel, Command::lock, {1, 1});
  bench.check_error(channel, Error::invalid_len);
  bench.check_works(bench.open_channel());  // nothing of it locked anything
}

TEST_CASE("ctaphid: an unknown command is INVALID_CMD (CHK-016)") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  for (const unsigned code : {0x00U, 0x02U, 0x07U, 0x3BU, 0x3CU, 0x3FU, 0x40U, 0x7FU}) {
    bench.send(channel, static_cast<Command>(code), {1});
    bench.check_error(channel, Error::invalid_cmd);
  }
  bench.check_works(channel);
}

TEST_CASE(
    "ctaphid: channel 0, a channel never given out and requests on the broadcast channel are INVALID_CHANNEL "
    "(CHK-017, 018)") {
  Bench bench;
  bench.send(kReservedChannel, Command::init, pattern(8));
  bench.check_error(kReservedChannel, Error::invalid_channel);
  for (const std::uint32_t channel : {kReservedChannel, kBroadcastChannel, std::uint32_t{0x12345678}}) {
    bench.send(channel, Command::ping, {1});
    bench.check_error(channel, Error::invalid_channel);
  }
  bench.send(0x12345678, Command::init, pattern(8));
  bench.check_error(0x12345678, Error::invalid_channel);
}

TEST_CASE("ctaphid: a continuation packet out of order is INVALID_SEQ and ends the message (CHK-019)") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  const Bytes message = pattern(1024);
  bench.send(make_packet(channel, Command::ping, message, 0));
  bench.send(make_packet(channel, Command::ping, message, 1));
  bench.send(make_packet(channel, Command::ping, message, 3));
  bench.check_error(channel, Error::invalid_seq);
  bench.send(make_packet(channel, Command::ping, message, 2));
  bench.check_silence();
  bench.check_works(channel);
}

TEST_CASE("ctaphid: a new message in the middle of another is INVALID_SEQ") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.send(make_packet(channel, Command::ping, pattern(100), 0));
  bench.send(channel, Command::cbor, {0x04});
  bench.check_error(channel, Error::invalid_seq);
  CHECK(bench.started.empty());
  bench.check_works(channel);
}

TEST_CASE("ctaphid: sizes beyond 7609 and empty CBOR and MSG are INVALID_LEN") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  for (const std::size_t size : {std::size_t{7610}, std::size_t{65535}}) {
    bench.send_header(channel, Command::ping, size);
    bench.check_error(channel, Error::invalid_len);
  }
  bench.send(channel, Command::cbor, {});
  bench.check_error(channel, Error::invalid_len);
  bench.send(channel, Command::msg, {});
  bench.check_error(channel, Error::invalid_len);
  CHECK(bench.started.empty());
  bench.check_works(channel);
}

TEST_CASE("ctaphid: a message that is not continued within 500 ms is MSG_TIMEOUT and frees the device") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  const std::uint32_t other = bench.open_channel();
  bench.send(make_packet(channel, Command::ping, pattern(200), 0));
  bench.wait(milliseconds{499});
  bench.send(make_packet(channel, Command::ping, pattern(200), 1));
  CHECK(bench.engine.next_deadline() == bench.now + milliseconds{500});
  bench.wait(milliseconds{499});
  bench.check_silence();
  bench.wait(milliseconds{1});
  bench.check_error(channel, Error::msg_timeout);
  CHECK_FALSE(bench.engine.next_deadline());
  bench.check_works(other);
  bench.check_works(channel);
}

TEST_CASE("ctaphid: a message that has timed out holds up nobody, even before the timer has been looked at") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  const std::uint32_t other = bench.open_channel();
  bench.send(make_packet(channel, Command::ping, pattern(200), 0));
  bench.now += milliseconds{500};
  bench.send(other, Command::ping, {1});
  bench.check_error(channel, Error::msg_timeout);
  bench.check_reply(other, Command::ping, {1});
}

TEST_CASE("ctaphid: while one channel is served others are told CHANNEL_BUSY") {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  const std::uint32_t other = bench.open_channel();
  const auto check_busy = [&] {
    bench.send(other, Command::ping, {1});
    bench.check_error(other, Error::channel_busy);
    bench.send(other, Command::init, pattern(8));
    bench.check_error(other, Error::channel_busy);
    bench.open_channel();  // this disturbs nobody
  };
  SUBCASE("while its message is assembled") {
    bench.send(make_packet(channel, Command::ping, pattern(100), 0));
    check_busy();
    bench.send(make_packet(other, Command::ping, pattern(100), 1));  // not a part of it
    bench.send(make_packet(channel, Command::ping, pattern(100), 1));
    bench.check_reply(channel, Command::ping, pattern(100));
  }
  SUBCASE("while its request is processed") {
    bench.send(channel, Command::cbor, {0x04});
    check_busy();
    bench.send(channel, Command::cbor, {0x04});
    bench.check_error(channel, Error::channel_busy);
    CHECK(bench.started.size() == 1);
    bench.engine.on_answer(bench.started[0].exchange, {0x00});
    bench.check_reply(channel, Command::cbor, {0x00});
  }
  SUBCASE("while its answer goes out") {
    bench.send(channel, Command::ping, pattern(100));
    CHECK(bench.engine.answering());
    check_busy();
    bench.check_reply(channel, Command::ping, pattern(100));
  }
  bench.check_works(other);
}

TEST_CASE(
    "ctaphid: a full table forgets the channel not used for longest, never one in use or with the lock") {
  Bench bench;
  const std::uint32_t locked = bench.open_channel();
  const std::uint32_t busy = bench.open_channel();
  const std::uint32_t oldest = bench.open_channel();
  const std::uint32_t kept = bench.open_channel();
  bench.send(locked, Command::lock, {10});
  bench.check_reply(locked, Command::lock, {});
  SUBCASE("lock") {}
  SUBCASE("transaction") {
    bench.send(locked, Command::lock, {0});
    bench.check_reply(locked, Command::lock, {});
    bench.send(busy, Command::cbor, {0x04});
  }
  for (std::size_t i = 0; i < Channels::kCapacity; ++i) {
    if (i == 500) bench.send(kept, Command::cancel, {});  // a use without an answer
    bench.open_channel();
  }
  bench.send(oldest, Command::ping, {1});
  bench.check_error(oldest, Error::invalid_channel);
  if (bench.started.empty()) {
    bench.check_works(locked);
    bench.send(kept, Command::ping, {1});
    bench.check_error(kept, Error::channel_busy);
  } else {
    bench.engine.on_answer(bench.started[0].exchange, {0x00});
    bench.check_reply(busy, Command::cbor, {0x00});
    bench.check_works(busy);
    bench.check_works(kept);
  }
}

TEST_CASE("ctaphid: a long answer pauses after each burst; short replies go on") {
  Bench bench{{.reports = 32, .pause = std::chrono::microseconds{500}}};
  const std::uint32_t channel = bench.open_channel();
  bench.send(channel, Command::ping, pattern(7609));
  std::vector<std::size_t> bursts;
  while (bench.engine.answering()) {
    bursts.push_back(bench.reports().size());
    if (!bench.engine.answering()) break;
    CHECK(bench.engine.next_deadline() == bench.now + std::chrono::microseconds{500});
    bench.now += std::chrono::microseconds{499};
    bench.check_silence();
    bench.open_channel();
    bench.now += std::chrono::microseconds{1};
  }
  CHECK(bursts == std::vector<std::size_t>{32, 32, 32, 32, 1});
  CHECK_FALSE(bench.engine.next_deadline());
}

TEST_CASE("ctaphid: replies that nobody takes are bounded") {
  Bench bench;
  for (int i = 0; i < 10'000; ++i) bench.send(0x01020304, Command::ping, {1});
  CHECK(bench.reports().size() == Engine::kMaxReplies);
  bench.check_works(bench.open_channel());
}

TEST_CASE("ctaphid: whole messages are shown as they come and go") {
  std::vector<std::tuple<Direction, std::uint32_t, unsigned, Bytes>> seen;
  Engine engine{{},
                [&seen](Direction direction, std::uint32_t channel, std::uint8_t command, ByteView payload) {
                  seen.emplace_back(direction, channel, command, Bytes{payload.begin(), payload.end()});
                }};
  (void)engine.on_report(make_packet(kBroadcastChannel, Command::init, pattern(8), 0), Time{});
  REQUIRE(seen.size() == 2);
  CHECK(seen[0] == std::tuple{Direction::in, kBroadcastChannel, 0x06U, pattern(8)});
  CHECK(std::get<0>(seen[1]) == Direction::out);
  CHECK(std::get<3>(seen[1]).size() == 17);
  const Bytes& reply = std::get<3>(seen[1]);
  const std::uint32_t channel = std::uint32_t{reply[8]} << 24U | std::uint32_t{reply[9]} << 16U |
                                std::uint32_t{reply[10]} << 8U | std::uint32_t{reply[11]};
  for (std::size_t i = 0; i < packet_count(300); ++i) {
    (void)engine.on_report(make_packet(channel, Command::ping, pattern(300), i), Time{});
  }
  REQUIRE(seen.size() == 4);
  CHECK(seen[2] == std::tuple{Direction::in, channel, 0x01U, pattern(300)});
  CHECK(seen[3] == std::tuple{Direction::out, channel, 0x01U, pattern(300)});
}

TEST_CASE("ctaphid: an error says which rule was broken") {
  Bench bench;
  const auto channel = bench.open_channel();
  const auto other = bench.open_channel();
  const auto because = [&](const std::string& text) {
    (void)bench.reports();
    REQUIRE_FALSE(bench.reasons.empty());
    CAPTURE(text);
    CAPTURE(bench.reasons.back());
    CHECK(bench.reasons.back().find(text) != std::string::npos);
    bench.reasons.clear();
  };
  bench.send(0x01020304, Command::ping, {});
  because("the channel was not given out");
  bench.send(kBroadcastChannel, Command::ping, {});
  because("the broadcast channel is for CTAPHID_INIT alone");
  bench.send(kBroadcastChannel, Command::init, {1});
  because("a nonce of 8 bytes");
  bench.send(channel, static_cast<Command>(0x22), {});
  because("there is no CTAPHID command 34");
  bench.send_header(channel, Command::ping, 7610);
  because("7610 bytes, more than 7609");
  bench.send(channel, Command::lock, {11});
  because("a lock is for 10 s at most");
  bench.send_header(channel, Command::ping, 100);
  bench.send(other, Command::ping, {});
  because("another channel's request");
  bench.send(channel, Command::ping, {});
  because("before the one before it was complete");
  bench.send_header(channel, Command::ping, 100);
  bench.wait(milliseconds{501});
  because("did not come within 500 ms");
  bench.send(channel, Command::lock, {5});
  bench.send(other, Command::ping, {});
  because("another channel holds the lock");
  bench.send(channel, Command::cbor, {4});
  bench.engine.on_answer(bench.started.back().exchange, {});
  because("the key gave no answer");
}

TEST_CASE("ctaphid: why an answer refuses is told with it") {
  std::vector<std::string> told;
  Engine engine{{.channel_seed = 1, .pacing = {}},
                [&](Direction direction, std::uint32_t, std::uint8_t command, ByteView) {
                  told.push_back((direction == Direction::out ? "out " : "in ") + std::to_string(command));
                },
                [&](std::uint32_t, std::string_view why) { told.emplace_back(why); }};
  (void)engine.on_report(make_packet(kBroadcastChannel, Command::init, pattern(8), 0), Time{});
  const auto reply = engine.next_report(Time{});
  REQUIRE(reply);
  const std::uint32_t channel = std::uint32_t{(*reply)[15]} << 24U | std::uint32_t{(*reply)[16]} << 16U |
                                std::uint32_t{(*reply)[17]} << 8U | std::uint32_t{(*reply)[18]};
  told.clear();
  const auto effects = engine.on_report(make_packet(channel, Command::cbor, Bytes{0x07}, 0), Time{});
  REQUIRE(effects.start);
  engine.on_answer(effects.start->exchange, {0x30}, "too late");
  CHECK(told == std::vector<std::string>{"in 16", "too late", "out 16"});
}

}  // namespace ctaphid_engine_test
