// What has happened to the keys, for whoever wants to know: the last events are kept, and readers take them
// at their own pace. A slow reader holds up nobody; what it has missed it is told the number of.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "control/json.h"

namespace fauxkey::control {

struct Event {
  std::uint64_t id = 0;  ///< 1, 2, …
  std::string type;  ///< "key.plugged-in", "credential.added", "ctap.request": docs/control.md has them all
  std::string key;   ///< empty: no key's
  std::string data;  ///< a JSON object, in one line
};

class EventHub {
 public:
  static constexpr std::size_t kMaxEvents = 10'000;
  static constexpr std::size_t kMaxBytes = std::size_t{16} << 20U;

  /// Its name is drawn at random: events of another daemon have the same numbers, and mean other things.
  EventHub();
  [[nodiscard]] const std::string& instance() const { return instance_; }

  /// `data` gets members "time" (seconds since 1970, to the microsecond) and "key" in front.
  void publish(const std::string& type, const std::string& key, const Json& data);

  struct Batch {
    std::vector<Event> events;
    std::uint64_t missed = 0;  ///< that were there after `after`, and are no more
    std::uint64_t last = 0;    ///< to go on after
  };
  /// Those after `after` that `wanted` holds for; waits for one until the time is over or `stopped()` holds.
  [[nodiscard]] Batch take(std::uint64_t after, const std::function<bool(const Event&)>& wanted,
                           std::chrono::milliseconds limit, const std::function<bool()>& stopped);
  [[nodiscard]] std::uint64_t last() const;
  /// Makes those that wait look whether they are stopped.
  void wake() { changed_.notify_all(); }

 private:
  static constexpr std::size_t kMaxBatch = 256;

  const std::string instance_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> events_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace fauxkey::control
