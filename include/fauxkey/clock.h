// Port: time. The specification's windows and timers (10 s after power-up, 30 s between assertions, token
// lifetimes) and the user's time to answer all go through it, so that a test can drive them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>

namespace fauxkey {

class Clock {
 public:
  using Duration = std::chrono::microseconds;
  /// A moment of this clock; only differences mean anything. Never goes back.
  using TimePoint = std::chrono::time_point<Clock, Duration>;

  virtual ~Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;

  [[nodiscard]] virtual TimePoint now() const = 0;
  /// Seconds since 1970, for dates that a person or a certificate shows.
  [[nodiscard]] virtual std::int64_t unix_time() const = 0;
  /// Blocks until `ready()` holds, `stop` is requested or `deadline` has come; returns what `ready()` says
  /// then. `lock` is held while `ready` runs and on return; whoever makes it true notifies `changed`.
  virtual bool wait(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock,
                    std::stop_token stop, TimePoint deadline, const std::function<bool()>& ready) = 0;

 protected:
  Clock() = default;
};

/// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override;
  [[nodiscard]] std::int64_t unix_time() const override;
  bool wait(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock, std::stop_token stop,
            TimePoint deadline, const std::function<bool()>& ready) override;
};

/// Stands still until `advance` moves it; whoever waits then looks again at once.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t unix_start = 1'700'000'000) : unix_start_{unix_start} {}
  void advance(Duration by);
  [[nodiscard]] TimePoint now() const override;
  [[nodiscard]] std::int64_t unix_time() const override;
  bool wait(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock, std::stop_token stop,
            TimePoint deadline, const std::function<bool()>& ready) override;

 private:
  mutable std::mutex mutex_;
  TimePoint now_;
  std::int64_t unix_start_;
};

}  // namespace fauxkey
