// The channels that hosts have been given (CTAP 2.3, 11.2.3), and the lock that one of them may hold.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace fauxkey::ctaphid {

using Time = std::chrono::steady_clock::time_point;

class Channels {
 public:
  /// Hosts open a channel for each of their sessions and never give it back.
  static constexpr std::size_t kCapacity = 1024;

  /// The same `seed` gives the same channels in the same order.
  explicit Channels(std::uint32_t seed) : seed_{seed} {}

  /// A new channel, never 0 nor the broadcast channel. Where the table is full the one not used for longest
  /// is forgotten, but neither `in_use` nor the holder of a lock.
  [[nodiscard]] std::uint32_t allocate(Time now, std::optional<std::uint32_t> in_use);
  /// Whether the channel is allocated; if so it counts as used.
  bool touch(std::uint32_t channel);
  [[nodiscard]] std::size_t size() const { return channels_.size(); }

  /// CTAPHID_LOCK (11.2.9.2.2): no other channel is served until then. A duration of 0 releases.
  void lock(std::uint32_t channel, std::chrono::seconds duration, Time now);
  [[nodiscard]] bool locked_by_other(std::uint32_t channel, Time now) const;

 private:
  struct Channel {
    std::uint32_t id;
    std::uint64_t last_used;
  };
  struct Lock {
    std::uint32_t channel;
    Time until;
  };
  [[nodiscard]] bool allocated(std::uint32_t id) const;
  [[nodiscard]] std::uint32_t next_id();
  void forget_oldest(Time now, std::optional<std::uint32_t> in_use);

  std::uint32_t seed_;
  std::uint32_t issued_ = 0;
  std::uint64_t uses_ = 0;
  std::vector<Channel> channels_;
  std::optional<Lock> lock_;
};

}  // namespace fauxkey::ctaphid
