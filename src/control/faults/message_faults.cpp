#include "control/faults/message_faults.h"

#include <condition_variable>
#include <mutex>

namespace fauxkey::control::faults {
namespace {

/// What a host gets that has given up. U2F has no CANCEL: nobody reads this.
Bytes cancelled(const Call& call) {
  if (call.u2f) return {0x6F, 0x00};
  return {static_cast<std::uint8_t>(Status::keepalive_cancel)};
}

void wait_for_stop(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock{mutex};
  changed.wait(lock, stop, [] { return false; });
}

void tell(const Call& call, Waiting waiting) {
  if (call.exchange.on_waiting) call.exchange.on_waiting(waiting);
}

}  // namespace

std::optional<Bytes> give_status(Call& call, const Arguments& arguments) {
  if (arguments.flag("processed")) (void)call.process();
  const auto status = arguments.number("status");
  if (call.u2f) return Bytes{static_cast<std::uint8_t>(status >> 8), static_cast<std::uint8_t>(status)};
  return Bytes{static_cast<std::uint8_t>(status)};
}

std::optional<Bytes> delay(Call& call, const Arguments& arguments) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock{mutex};
  const auto deadline = call.clock.now() + std::chrono::milliseconds{arguments.number("milliseconds")};
  (void)call.clock.wait(changed, lock, call.exchange.stop, deadline, [] { return false; });
  if (call.exchange.stop.stop_requested()) return cancelled(call);
  return std::nullopt;
}

std::optional<Bytes> no_answer(Call& call, const Arguments& arguments) {
  tell(call, Waiting::silent);
  if (arguments.flag("processed")) {
    (void)call.handler(call.message,
                       {.channel = call.exchange.channel, .stop = call.exchange.stop, .on_waiting = {}});
  }
  wait_for_stop(call.exchange.stop);
  throw ctaphid::NoAnswer{};
}

std::optional<Bytes> keepalive_for_ever(Call& call, const Arguments& arguments) {
  tell(call, arguments.flag("upNeeded") ? Waiting::user_presence : Waiting::processing);
  wait_for_stop(call.exchange.stop);
  return cancelled(call);
}

std::optional<Bytes> busy(Call& /*call*/, const Arguments& /*arguments*/) {
  throw ctaphid::NoAnswer{ctaphid::Error::channel_busy};
}

}  // namespace fauxkey::control::faults
