// Work that takes longer than people expect, told to whoever shows it to them.
#pragma once

#include <atomic>
#include <cstdint>

namespace fauxkey {

/// While this lives, the work goes on.
class Working {
 public:
  /// `what`: "Compacting the keystore"; a literal.
  explicit Working(const char* what);
  ~Working();
  Working(const Working&) = delete;
  Working& operator=(const Working&) = delete;

  [[nodiscard]] const char* what() const { return what_; }
  /// Of the things that are worked on, one more is done.
  void count() { done_.fetch_add(1, std::memory_order_relaxed); }
  /// 0 where it has nothing to count.
  [[nodiscard]] std::uint64_t done() const { return done_.load(std::memory_order_relaxed); }

 private:
  const char* what_;
  std::atomic<std::uint64_t> done_{0};
};

/// Learns of work, on the thread that does it.
class WorkObserver {
 public:
  WorkObserver() = default;
  WorkObserver(const WorkObserver&) = delete;
  WorkObserver& operator=(const WorkObserver&) = delete;
  virtual ~WorkObserver() = default;
  virtual void begun(const Working& work) = 0;
  virtual void ended(const Working& work) = 0;
};

/// For the whole process, before there is work; null: nobody learns of it. `observer` outlives all work.
void observe_work(WorkObserver* observer);

}  // namespace fauxkey
