// FILE.lock: one process at a time has a keystore, and what is remembered of it without opening it.
#pragma once

#include <cstdint>
#include <filesystem>

#include "fauxkey/credential_store.h"
#include "keystore/files.h"

namespace fauxkey::keystore {

/// Wrong passphrases since the last right one.
struct WrongTries {
  std::uint32_t count = 0;
  std::int64_t last = 0;  ///< when, in seconds since 1970

  friend bool operator==(const WrongTries&, const WrongTries&) = default;
};

/// Seconds after the last of so many wrong tries before there may be another: 0 before the fifth, then 1, 2,
/// 4, up to 60.
[[nodiscard]] std::int64_t pause_after(std::uint32_t wrong_tries);

/// Holds FILE.lock, with this process's id and command in it. The lock ends with the process, the file stays.
class Lock {
 public:
  [[nodiscard]] static StoreResult<Lock> take(const std::filesystem::path& path);

  [[nodiscard]] const WrongTries& wrong_tries() const { return tries_; }
  /// Durable where the file can be written; elsewhere they are counted for this process only.
  void remember(const WrongTries& tries);

 private:
  explicit Lock(File file) : file_{std::move(file)} {}
  void write() const;

  File file_;
  WrongTries tries_;
};

}  // namespace fauxkey::keystore
