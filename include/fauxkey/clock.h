// Port: time. The specification's windows and timers (10 s after power-up, 30 s between assertions, token
// lifetimes) and the user's time to answer all go through it, so that a test can drive them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
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

/// The machine's clocks, which a test may stop, move on and speed up.
class AdjustableClock final : public Clock {
 public:
  /// `unix_start`: the date, instead of the machine's; it stands still but for `advance`, so that what is
  /// made of it can be made again.
  explicit AdjustableClock(std::optional<std::int64_t> unix_start = std::nullopt);
  void freeze();
  void resume();
  /// At once, frozen or not. `by` is not negative.
  void advance(Duration by);
  /// So many of its seconds pass in one of the machine's; greater than 0.
  void scale(double factor);

  struct State {
    TimePoint now;
    std::int64_t unix_time = 0;
    bool frozen = false;
    double scale = 1;
  };
  [[nodiscard]] State state() const;

  [[nodiscard]] TimePoint now() const override;
  [[nodiscard]] std::int64_t unix_time() const override;
  bool wait(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock, std::stop_token stop,
            TimePoint deadline, const std::function<bool()>& ready) override;

 private:
  using Machine = std::chrono::steady_clock;
  /// `mutex_` is held.
  [[nodiscard]] TimePoint now_at(Machine::time_point machine) const;
  void set_base();

  mutable std::mutex mutex_;
  Machine::time_point machine_base_;
  TimePoint base_;
  std::optional<std::int64_t> unix_start_;
  Duration advanced_{0};
  std::int64_t unix_base_;  ///< seconds since 1970 when `TimePoint{}` was
  bool frozen_ = false;
  double scale_ = 1;
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
