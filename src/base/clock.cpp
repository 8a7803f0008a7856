#include "fauxkey/clock.h"

namespace fauxkey {

Clock::TimePoint SystemClock::now() const {
  return TimePoint{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

std::int64_t SystemClock::unix_time() const {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool SystemClock::wait(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock,
                       std::stop_token stop, TimePoint deadline, const std::function<bool()>& ready) {
  const std::chrono::steady_clock::time_point until{deadline.time_since_epoch()};
  return changed.wait_until(lock, stop, until, ready);
}

void ManualClock::advance(Duration by) {
  const std::scoped_lock lock{mutex_};
  now_ += by;
}

Clock::TimePoint ManualClock::now() const {
  const std::scoped_lock lock{mutex_};
  return now_;
}

std::int64_t ManualClock::unix_time() const {
  return unix_start_ + std::chrono::duration_cast<std::chrono::seconds>(now().time_since_epoch()).count();
}

bool ManualClock::wait(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock,
                       std::stop_token stop, TimePoint deadline, const std::function<bool()>& ready) {
  // Whoever advances the clock cannot know who waits, so a waiter looks at it every few milliseconds of real
  // time.
  while (!ready() && !stop.stop_requested() && now() < deadline) {
    changed.wait_for(lock, stop, std::chrono::milliseconds{2}, ready);
  }
  return ready();
}

}  // namespace fauxkey
