// A run that can be had again: the same bytes for the same seed and requests.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "ctaphid/device.h"
#include "fauxkey/clock.h"
#include "fauxkey/random.h"

namespace fauxkey::app {

/// The machine's clock, but the date stands still: certificates and credentials carry it.
class SeededClock final : public Clock {
 public:
  static constexpr std::int64_t kDate = 1'767'225'600;  // 2026-01-01

  [[nodiscard]] TimePoint now() const override { return clock_.now(); }
  [[nodiscard]] std::int64_t unix_time() const override { return kDate; }
  bool wait(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock, std::stop_token stop,
            TimePoint deadline, const std::function<bool()>& ready) override {
    return clock_.wait(changed, lock, std::move(stop), deadline, ready);
  }

 private:
  SystemClock clock_;
};

/// What a key draws on: the system's sources, or with a seed those that repeat themselves.
struct Sources {
  std::unique_ptr<Random> random;
  std::unique_ptr<Clock> clock;
  std::optional<std::uint32_t> channel_seed;
};
/// With a seed, signatures of this process are deterministic too, from now on; and it is said loudly that
/// whoever knows the seed knows every key.
[[nodiscard]] Sources make_sources(std::optional<std::uint64_t> seed);

}  // namespace fauxkey::app
