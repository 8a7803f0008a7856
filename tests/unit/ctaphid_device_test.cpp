// The device with its threads, over a socket pair in the place of a kernel.
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "ctaphid/device.h"
#include "transport/file_descriptor.h"

namespace ctaphid_device_test {

using namespace fauxkey;
using namespace fauxkey::ctaphid;
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

class PairTransport final : public transport::Transport {
 public:
  explicit PairTransport(int fd) : socket_{fd} {}
  [[nodiscard]] int fd() const override { return socket_.get(); }
  [[nodiscard]] std::optional<Report> read() override {
    Report report{};
    const ssize_t size = ::recv(socket_.get(), report.data(), report.size(), MSG_DONTWAIT);
    if (size != static_cast<ssize_t>(report.size())) return std::nullopt;
    return report;
  }
  void write(const Report& report) override {
    (void)::send(socket_.get(), report.data(), report.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  [[nodiscard]] transport::Pacing pacing() const override {
    return {.reports = 32, .pause = std::chrono::microseconds{500}};
  }
  [[nodiscard]] std::string address() const override { return "pair"; }

 private:
  transport::FileDescriptor socket_;
};

struct Message {
  std::uint32_t channel = 0;
  Command command{};
  Bytes payload;
  bool operator==(const Message&) const = default;
};

/// A device, and a host at the other end of its wire.
class Rig {
 public:
  explicit Rig(Handlers handlers, Observer observer = {}) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
    host_ = transport::FileDescriptor{ends[0]};
    device_ = std::make_unique<Device>(std::make_unique<PairTransport>(ends[1]), std::move(handlers),
                                       std::move(observer));
    device_->start();
  }

  void send(std::uint32_t channel, Command command, const Bytes& message) {
    for (std::size_t i = 0; i < packet_count(message.size()); ++i) {
      send_packet(make_packet(channel, command, message, i));
    }
  }
  void send_packet(const Report& report) {
    REQUIRE(::send(host_.get(), report.data(), report.size(), 0) == static_cast<ssize_t>(report.size()));
  }
  std::optional<Report> receive_report(milliseconds limit) {
    pollfd waiting{.fd = host_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(limit.count())) != 1) return std::nullopt;
    Report report{};
    if (::recv(host_.get(), report.data(), report.size(), 0) != static_cast<ssize_t>(report.size())) {
      return std::nullopt;
    }
    return report;
  }
  std::optional<Message> receive(milliseconds limit = milliseconds{5000}) {
    const auto first = receive_report(limit);
    if (!first) return std::nullopt;
    Message message{.channel = channel_of(*first), .command = command_of(*first), .payload = {}};
    append(message.payload, initial_payload_of(*first));
    while (message.payload.size() < message_size_of(*first)) {
      const auto next = receive_report(milliseconds{5000});
      REQUIRE(next);
      if (channel_of(*next) != message.channel) continue;
      const auto part = continuation_payload_of(*next);
      append(message.payload,
             part.first(std::min(part.size(), message_size_of(*first) - message.payload.size())));
    }
    return message;
  }
  /// The next message that is no keepalive.
  std::optional<Message> receive_answer() {
    for (;;) {
      auto message = receive();
      if (!message || message->command != Command::keepalive) return message;
    }
  }
  std::uint32_t open_channel() {
    send(kBroadcastChannel, Command::init, Bytes(8, 0x55));
    const auto reply = receive();
    REQUIRE(reply);
    REQUIRE(reply->payload.size() == 17);
    const Bytes& bytes = reply->payload;
    return std::uint32_t{bytes[8]} << 24U | std::uint32_t{bytes[9]} << 16U | std::uint32_t{bytes[10]} << 8U |
           std::uint32_t{bytes[11]};
  }
  void unplug() { device_.reset(); }

 private:
  transport::FileDescriptor host_;
  std::unique_ptr<Device> device_;
};

/// Waits, as a key waits for a touch: until it is stopped, or for ten seconds.
Bytes wait_for_stop(const Exchange& exchange) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock{mutex};
  exchange.on_waiting(Waiting::user_presence);
  const bool touched = changed.wait_for(lock, exchange.stop, std::chrono::seconds{10},
                                        [&] { return exchange.stop.stop_requested(); });
  return {touched ? std::uint8_t{0x2D} : std::uint8_t{0x2F}};
}

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 3);
  return bytes;
}

/// How often each thread of the process has gone to sleep and been woken up again.
std::map<std::string, std::string> context_switches() {
  std::map<std::string, std::string> switches;
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream status{task.path() / "status"};
    std::string name;
    std::string counts;
    for (std::string line; std::getline(status, line);) {
      if (line.rfind("Name:", 0) == 0) name = line.substr(6);
      if (line.find("ctxt_switches") != std::string::npos) counts += line + "; ";
    }
    // The test's own thread sleeps between two looks.
    if (name.rfind("fauxkey-hid", 0) == 0 || name.rfind("fauxkey-worker", 0) == 0) {
      switches[name + " " + task.path().filename().string()] = counts;
    }
  }
  return switches;
}

}  // namespace

TEST_CASE("device: PING of 7609 bytes written as fast as it goes comes back whole, again and again") {
  Rig rig{{}};
  const std::uint32_t channel = rig.open_channel();
  const Bytes message = pattern(kMaxMessageSize);
  for (int round = 0; round < 50; ++round) {
    rig.send(channel, Command::ping, message);
    CHECK(rig.receive() == Message{channel, Command::ping, message});
  }
}

TEST_CASE("device: requests reach their handler with their channel, and the answer goes back") {
  std::atomic<int> winks = 0;
  Rig rig{{.cbor =
               [](ByteView message, const Exchange& exchange) {
                 Bytes answer{0x00, static_cast<std::uint8_t>(exchange.channel)};
                 append(answer, message);
                 return answer;
               },
           .msg = [](ByteView, const Exchange&) { return Bytes{0x90, 0x00}; },
           .wink = [&winks] { ++winks; }}};
  const std::uint32_t channel = rig.open_channel();
  rig.send(channel, Command::cbor, {0x04});
  CHECK(rig.receive_answer() ==
        Message{channel, Command::cbor, {0x00, static_cast<std::uint8_t>(channel), 0x04}});
  rig.send(channel, Command::msg, pattern(7));
  CHECK(rig.receive_answer() == Message{channel, Command::msg, {0x90, 0x00}});
  rig.send(channel, Command::wink, {});
  CHECK(rig.receive() == Message{channel, Command::wink, {}});
  CHECK(winks == 1);
}

TEST_CASE("device: while the user is waited for, other clients are answered and told BUSY") {
  Rig rig{{.cbor = [](ByteView, const Exchange& exchange) { return wait_for_stop(exchange); },
           .msg = {},
           .wink = {}}};
  const std::uint32_t channel = rig.open_channel();
  const std::uint32_t other = rig.open_channel();
  rig.send(channel, Command::cbor, {0x01});
  CHECK(rig.receive() == Message{channel, Command::keepalive, {0x02}});  // the change of status, at once
  rig.send(other, Command::ping, {1});
  auto reply = rig.receive();
  while (reply && reply->command == Command::keepalive) reply = rig.receive();
  CHECK(reply == Message{other, Command::error, {0x06}});
  rig.send(kBroadcastChannel, Command::init, Bytes(8, 1));
  CHECK(rig.receive_answer()->channel == kBroadcastChannel);
  rig.send(channel, Command::cancel, {});
  CHECK(rig.receive_answer() == Message{channel, Command::cbor, {0x2D}});
}

TEST_CASE("device: CANCEL ends the wait at once, and nothing follows the answer") {
  Rig rig{{.cbor = [](ByteView, const Exchange& exchange) { return wait_for_stop(exchange); },
           .msg = {},
           .wink = {}}};
  const std::uint32_t channel = rig.open_channel();
  rig.send(channel, Command::cbor, {0x0B});
  CHECK(rig.receive() == Message{channel, Command::keepalive, {0x02}});
  const auto before = Clock::now();
  rig.send(channel, Command::cancel, {});
  rig.send(channel, Command::cancel, {});
  CHECK(rig.receive_answer() == Message{channel, Command::cbor, {0x2D}});
  CHECK(Clock::now() - before < milliseconds{1000});
  CHECK_FALSE(rig.receive_report(milliseconds{350}));
}

TEST_CASE("device: keepalives come every 100 ms") {
  Rig rig{{.cbor = [](ByteView, const Exchange& exchange) { return wait_for_stop(exchange); },
           .msg = {},
           .wink = {}}};
  const std::uint32_t channel = rig.open_channel();
  rig.send(channel, Command::cbor, {0x01});
  REQUIRE(rig.receive());
  const auto before = Clock::now();
  for (int i = 0; i < 10; ++i) CHECK(rig.receive() == Message{channel, Command::keepalive, {0x02}});
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - before);
  CHECK(took >= milliseconds{950});
  CHECK(took < milliseconds{1500});  // a busy test machine
  rig.send(channel, Command::cancel, {});
  CHECK(rig.receive_answer()->payload == Bytes{0x2D});
}

TEST_CASE(
    "device: after INIT on its channel a client gets the answer to its next request, not to the one before") {
  std::atomic<int> calls = 0;
  Rig rig{{.cbor =
               [&calls](ByteView message, const Exchange& exchange) {
                 ++calls;
                 if (message[0] != 0x01) return Bytes{0x00, message[0]};
                 (void)wait_for_stop(exchange);
                 std::this_thread::sleep_for(milliseconds{50});  // something that a stop does not shorten
                 return Bytes{0x2D};
               },
           .msg = {},
           .wink = {}}};
  const std::uint32_t channel = rig.open_channel();
  rig.send(channel, Command::cbor, {0x01});
  CHECK(rig.receive() == Message{channel, Command::keepalive, {0x02}});
  rig.send(channel, Command::init, Bytes(8, 1));
  rig.send(channel, Command::cbor, {0x04});  // dropped before it begins
  rig.send(channel, Command::init, Bytes(8, 2));
  rig.send(channel, Command::cbor, {0x05});
  CHECK(rig.receive_answer()->command == Command::init);
  CHECK(rig.receive_answer()->command == Command::init);
  CHECK(rig.receive_answer() == Message{channel, Command::cbor, {0x00, 0x05}});
  CHECK(calls == 2);
}

TEST_CASE("device: a handler that throws is an ERROR to the host, and the device goes on") {
  Rig rig{{.cbor = [](ByteView, const Exchange&) -> Bytes { throw std::runtime_error{"broken"}; },
           .msg = {},
           .wink = {}}};
  const std::uint32_t channel = rig.open_channel();
  rig.send(channel, Command::cbor, {0x04});
  CHECK(rig.receive_answer() == Message{channel, Command::error, {0x7F}});
  rig.send(channel, Command::msg, {0x04});  // without a handler there is no such command
  CHECK(rig.receive_answer() == Message{channel, Command::error, {0x01}});
  rig.send(channel, Command::ping, {1});
  CHECK(rig.receive() == Message{channel, Command::ping, {1}});
}

TEST_CASE("device: a handler without an answer ends its request by the error that it names, or by nothing") {
  Rig rig{{.cbor = [](ByteView, const Exchange&) -> Bytes { throw NoAnswer{Error::channel_busy}; },
           .msg = [](ByteView, const Exchange& exchange) -> Bytes {
             exchange.on_waiting(Waiting::silent);
             std::this_thread::sleep_for(milliseconds{250});
             throw NoAnswer{};
           },
           .wink = {}}};
  const std::uint32_t channel = rig.open_channel();
  rig.send(channel, Command::cbor, {0x04});
  CHECK(rig.receive() == Message{channel, Command::error, {0x06}});
  rig.send(channel, Command::msg, {0x00});
  CHECK_FALSE(rig.receive_report(milliseconds{400}));  // no keepalive either
  rig.send(channel, Command::ping, {1});
  CHECK(rig.receive() == Message{channel, Command::ping, {1}});
}

TEST_CASE("device: a lost packet ends in MSG_TIMEOUT after half a second, and the device goes on") {
  Rig rig{{}};
  const std::uint32_t channel = rig.open_channel();
  const auto before = Clock::now();
  rig.send_packet(make_packet(channel, Command::ping, pattern(100), 0));
  CHECK(rig.receive() == Message{channel, Command::error, {0x05}});
  CHECK(Clock::now() - before >= milliseconds{499});
  CHECK(Clock::now() - before < milliseconds{1500});
  rig.send(channel, Command::ping, pattern(100));
  CHECK(rig.receive() == Message{channel, Command::ping, pattern(100)});
}

TEST_CASE("device: an idle device makes no wake-ups") {
  Rig rig{{.cbor = [](ByteView, const Exchange&) { return Bytes{0x00}; }, .msg = {}, .wink = {}}};
  const std::uint32_t channel = rig.open_channel();
  rig.send(channel, Command::cbor, {0x04});  // so that the worker has been awake, too
  REQUIRE(rig.receive_answer());
  rig.send(channel, Command::ping, pattern(2000));
  REQUIRE(rig.receive());
  std::this_thread::sleep_for(milliseconds{200});
  const auto before = context_switches();
  REQUIRE(before.size() == 2);
  CHECK_FALSE(rig.receive_report(milliseconds{1000}));
  CHECK(context_switches() == before);
}

TEST_CASE(
    "device: unplugged while it works, it stops the work, waits for its end and hands over the answer") {
  std::atomic<bool> written = false;
  Rig rig{{.cbor =
               [&written](ByteView, const Exchange& exchange) {
                 (void)wait_for_stop(exchange);
                 std::this_thread::sleep_for(milliseconds{100});  // writes what was begun
                 written = true;
                 return pattern(5000);
               },
           .msg = {},
           .wink = {}}};
  const std::uint32_t channel = rig.open_channel();
  rig.send(channel, Command::cbor, {0x01});
  REQUIRE(rig.receive());
  const auto before = Clock::now();
  rig.unplug();
  CHECK(written);
  CHECK(Clock::now() - before < std::chrono::seconds{2});
  CHECK(rig.receive_answer() == Message{channel, Command::cbor, pattern(5000)});
}

TEST_CASE("device: unplugged in the middle of a message it does not wait for the rest") {
  Rig rig{{}};
  const std::uint32_t channel = rig.open_channel();
  rig.send_packet(make_packet(channel, Command::ping, pattern(100), 0));
  std::this_thread::sleep_for(milliseconds{20});
  const auto before = Clock::now();
  rig.unplug();
  CHECK(Clock::now() - before < milliseconds{150});
}

TEST_CASE("device: an observer sees each packet and each message, in both directions") {
  std::mutex mutex;
  std::vector<Direction> packets;
  std::vector<std::pair<Direction, std::size_t>> messages;
  Rig rig{{},
          {.packet =
               [&](Direction direction, const Report&) {
                 const std::lock_guard lock{mutex};
                 packets.push_back(direction);
               },
           .message =
               [&](Direction direction, std::uint32_t, std::uint8_t, ByteView payload) {
                 const std::lock_guard lock{mutex};
                 messages.emplace_back(direction, payload.size());
               }}};
  const std::uint32_t channel = rig.open_channel();
  rig.send(channel, Command::ping, pattern(100));
  REQUIRE(rig.receive());
  rig.unplug();
  using enum Direction;
  CHECK(packets == std::vector{in, out, in, in, out, out});
  CHECK(messages ==
        std::vector<std::pair<Direction, std::size_t>>{{in, 8}, {out, 17}, {in, 100}, {out, 100}});
}

}  // namespace ctaphid_device_test
