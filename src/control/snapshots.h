// What a key held at some moment, under a name: all of its store, in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "control/bench_store.h"
#include "fauxkey/clock.h"

namespace fauxkey::control {

/// Those of one key. Safe to use from several threads.
class Snapshots {
 public:
  static constexpr std::size_t kMax = 100;
  struct Info {
    std::string name;
    std::int64_t saved_at = 0;  ///< by the key's clock
    std::size_t discoverable_credentials = 0;
  };

  /// `clock` outlives them.
  explicit Snapshots(const Clock& clock) : clock_{clock} {}

  /// Of `store` as it is now. Throws HttpError 409 where the name is taken or there are too many,
  /// std::runtime_error where the store cannot be read.
  Info save(const std::string& name, BenchStore& store);
  /// The oldest first.
  [[nodiscard]] std::vector<Info> list() const;
  /// Throws HttpError 404 where there is none of that name.
  [[nodiscard]] std::shared_ptr<BenchStore> at(const std::string& name) const;
  void remove(const std::string& name);

 private:
  struct Entry {
    Info info;
    std::shared_ptr<BenchStore> store;
  };
  /// `mutex_` is held. Throws HttpError 404.
  [[nodiscard]] std::vector<Entry>::const_iterator find(const std::string& name) const;

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace fauxkey::control
