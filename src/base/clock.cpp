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

AdjustableClock::AdjustableClock(std::optional<std::int64_t> unix_start)
    : machine_base_{Machine::now()},
      base_{std::chrono::duration_cast<Duration>(machine_base_.time_since_epoch())},
      unix_start_{unix_start},
      unix_base_{SystemClock{}.unix_time() -
                 std::chrono::duration_cast<std::chrono::seconds>(base_.time_since_epoch()).count()} {}

Clock::TimePoint AdjustableClock::now_at(Machine::time_point machine) const {
  if (frozen_) return base_;
  const std::chrono::duration<double, Duration::period> passed = machine - machine_base_;
  return base_ + Duration{static_cast<Duration::rep>(passed.count() * scale_)};
}

void AdjustableClock::set_base() {
  const auto machine = Machine::now();
  base_ = now_at(machine);
  machine_base_ = machine;
}

void AdjustableClock::freeze() {
  const std::scoped_lock lock{mutex_};
  set_base();
  frozen_ = true;
}

void AdjustableClock::resume() {
  const std::scoped_lock lock{mutex_};
  set_base();
  frozen_ = false;
}

void AdjustableClock::advance(Duration by) {
  const std::scoped_lock lock{mutex_};
  set_base();
  base_ += by;
  advanced_ += by;
}

void AdjustableClock::scale(double factor) {
  const std::scoped_lock lock{mutex_};
  set_base();
  scale_ = factor;
}

AdjustableClock::State AdjustableClock::state() const {
  const std::scoped_lock lock{mutex_};
  const auto now = now_at(Machine::now());
  const auto seconds = [](Duration time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
  };
  return {.now = now,
          .unix_time =
              unix_start_ ? *unix_start_ + seconds(advanced_) : unix_base_ + seconds(now.time_since_epoch()),
          .frozen = frozen_,
          .scale = scale_};
}

Clock::TimePoint AdjustableClock::now() const { return state().now; }

std::int64_t AdjustableClock::unix_time() const { return state().unix_time; }

bool AdjustableClock::wait(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock,
                           std::stop_token stop, TimePoint deadline, const std::function<bool()>& ready) {
  // Whoever adjusts the clock cannot know who waits, so a waiter looks at it now and then. None waits unless
  // a host's request does.
  constexpr std::chrono::milliseconds kLook{10};
  while (!ready() && !stop.stop_requested() && now() < deadline) changed.wait_for(lock, stop, kLook, ready);
  return ready();
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
