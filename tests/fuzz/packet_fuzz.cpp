// The CTAPHID engine under any sequence of reports, answers and pauses.
//
// The input is a list of steps, each a head of two bytes and what it needs:
//   head[0] & 3:  0  a report: head[1] bytes of the input, zero-padded to 64, on the channel they begin with
//                 1  a report as 0, but on a channel that was given out (number head[0] >> 2 of them), at
//                 byte 4 on 2  the time goes on by head[1] × 10 ms 3  the running request is answered by
//                 head[1] × 40 bytes (head[0] & 4: shows that it waits)
#include <chrono>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

#include "ctaphid/engine.h"

namespace {

using namespace fauxkey;
using namespace fauxkey::ctaphid;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Host {
  Engine engine{{.channel_seed = 7, .pacing = {.reports = 32, .pause = std::chrono::microseconds{500}}}};
  Time now{};
  std::vector<std::uint32_t> channels;
  std::optional<Request> running;

  void send(const Report& report) {
    Effects effects = engine.on_report(report, now);
    if (effects.abandon) {
      require(running && running->exchange == *effects.abandon);
      running.reset();
    }
    if (effects.cancel) require(running && running->exchange == *effects.cancel);
    if (effects.start) {
      require(!running);  // one at a time
      require(effects.start->command == Command::cbor || effects.start->command == Command::msg);
      require(!effects.start->message.empty() && effects.start->message.size() <= kMaxMessageSize);
      running = std::move(effects.start);
    }
    take();
  }

  /// Takes what is to be sent, and learns the channels that are given out.
  void take() {
    std::size_t count = 0;
    while (const auto report = engine.next_report(now)) {
      require(++count <= Engine::kMaxReplies + 130);
      if (!is_initial(*report)) continue;
      require(message_size_of(*report) <= kMaxMessageSize);
      if (command_of(*report) == Command::keepalive) require(running.has_value());
      if (command_of(*report) == Command::init && channel_of(*report) == kBroadcastChannel) {
        Report copy = *report;
        std::copy_n(copy.begin() + 15, 4, copy.begin());
        require(channel_of(copy) != kReservedChannel && channel_of(copy) != kBroadcastChannel);
        if (channels.size() < 64) channels.push_back(channel_of(copy));
      }
    }
  }

  void pass(std::chrono::milliseconds time) {
    now += time;
    engine.on_timer(now);
    take();
  }
};

Report report_from(std::span<const std::uint8_t> bytes, std::size_t offset) {
  Report report{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), kReportSize - offset),
              report.begin() + static_cast<std::ptrdiff_t>(offset));
  return report;
}

/// Whatever was before, a new client gets a channel and, once the others' time is over, its PING back.
void check_still_serves(Host& host) {
  if (host.running) {
    host.engine.on_answer(host.running->exchange, Bytes{0});
    host.running.reset();
  }
  for (int i = 0; i < 30; ++i) host.pass(std::chrono::milliseconds{500});  // past any lock and message
  require(!host.engine.next_deadline());
  const Bytes nonce{1, 2, 3, 4, 5, 6, 7, 8};
  require(!host.engine.on_report(make_packet(kBroadcastChannel, Command::init, nonce, 0), host.now).start);
  const auto reply = host.engine.next_report(host.now);
  require(reply && command_of(*reply) == Command::init && message_size_of(*reply) == 17);
  Report channel = *reply;
  std::copy_n(channel.begin() + 15, 4, channel.begin());
  (void)host.engine.on_report(make_packet(channel_of(channel), Command::ping, nonce, 0), host.now);
  require(host.engine.next_report(host.now) == make_packet(channel_of(channel), Command::ping, nonce, 0));
  require(!host.engine.next_report(host.now));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Host host;
  std::span<const std::uint8_t> input{data, size};
  while (input.size() >= 2) {
    const std::uint8_t kind = input[0];
    const std::uint8_t amount = input[1];
    input = input.subspan(2);
    if ((kind & 3U) < 2) {
      const auto bytes = input.first(std::min({std::size_t{amount}, input.size(), kReportSize}));
      input = input.subspan(bytes.size());
      Report report = report_from(bytes, (kind & 3U) == 0 ? 0 : 4);
      if ((kind & 3U) == 1 && !host.channels.empty()) {
        const std::uint32_t channel = host.channels[(kind >> 2U) % host.channels.size()];
        for (unsigned i = 0; i < 4; ++i) report[i] = static_cast<std::uint8_t>(channel >> (24 - 8 * i));
      }
      host.send(report);
    } else if ((kind & 3U) == 2) {
      host.pass(std::chrono::milliseconds{10 * amount});
    } else if (host.running && (kind & 4U) != 0) {
      host.engine.on_waiting(host.running->exchange,
                             (amount & 1U) != 0 ? Waiting::user_presence : Waiting::processing, host.now);
      host.take();
    } else if (host.running) {
      host.engine.on_answer(host.running->exchange, Bytes(std::size_t{amount} * 40));
      host.running.reset();
      host.take();
    }
  }
  check_still_serves(host);
  return 0;
}
