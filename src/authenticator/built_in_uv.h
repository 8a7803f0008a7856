// Built-in user verification's tries (CTAP 2.3, 6.5.2.3): as for the PIN, a try is spent, durably, before it
// is made.
#pragma once

#include <cstdint>

#include "fauxkey/credential_store.h"
#include "fauxkey/status.h"

namespace fauxkey {

class BuiltInUv {
 public:
  static constexpr std::uint8_t kMaxRetries = 5;  // the specification allows 1 to 25

  /// Throws std::runtime_error where the store's record cannot be used.
  explicit BuiltInUv(CredentialStore& store);

  [[nodiscard]] std::uint8_t retries() const { return retries_; }
  /// Verifications since the PIN was last given, failed ones too: getInfo's uvCountSinceLastPinEntry.
  [[nodiscard]] std::uint32_t count_since_pin() const { return count_since_pin_; }
  /// UV_BLOCKED where none is left.
  [[nodiscard]] Result<void> spend_try();
  /// The try was none, or (`all`) the user is verified and has all of them again.
  [[nodiscard]] Result<void> restore(bool all);
  /// The user gave the PIN: all tries are there again, and the count begins anew.
  [[nodiscard]] Result<void> pin_given();
  /// For a test bench.
  [[nodiscard]] Result<void> set_retries(std::uint8_t retries) { return keep(retries, count_since_pin_); }
  /// After the store was reset.
  void forget();

 private:
  [[nodiscard]] Result<void> keep(std::uint8_t retries, std::uint32_t count_since_pin);

  CredentialStore& store_;
  std::uint8_t retries_ = kMaxRetries;
  std::uint32_t count_since_pin_ = 0;
};

}  // namespace fauxkey
