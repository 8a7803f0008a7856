// Who may use a key: one at a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace fauxkey {

/// As std::timed_mutex, which the thread sanitizer does not know when it is waited for.
class Turns {
 public:
  void lock() {
    std::unique_lock lock{mutex_};
    free_.wait(lock, [&] { return !taken_; });
    taken_ = true;
  }
  bool try_lock() {
    const std::scoped_lock lock{mutex_};
    return !std::exchange(taken_, true);
  }
  bool try_lock_for(std::chrono::milliseconds patience) {
    std::unique_lock lock{mutex_};
    if (!free_.wait_for(lock, patience, [&] { return !taken_; })) return false;
    taken_ = true;
    return true;
  }
  void unlock() {
    {
      const std::scoped_lock lock{mutex_};
      taken_ = false;
    }
    free_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable free_;
  bool taken_ = false;
};

}  // namespace fauxkey
