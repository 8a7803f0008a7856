// The client PIN and its tries (CTAP 2.3, 6.5): what is kept, and the rule that a try is spent, durably,
// before the PIN is compared.
#pragma once

#include <cstdint>
#include <optional>

#include "fauxkey/credential_store.h"
#include "fauxkey/secret.h"
#include "fauxkey/status.h"

namespace fauxkey {

/// LEFT(SHA-256(PIN), 16).
using PinHash = Secret<16>;

class Pin {
 public:
  static constexpr std::uint8_t kMaxRetries = 8;       // CTAP 2.3, 6.5.2.2: at most 8
  static constexpr std::uint8_t kMaxMissesInARow = 3;  // 6.5.5.6: then a power cycle is needed
  static constexpr std::size_t kMaxBytes = 63;         // 6.5.1

  /// Throws std::runtime_error where the store's record cannot be used.
  explicit Pin(CredentialStore& store);

  [[nodiscard]] bool is_set() const { return hash_.has_value(); }
  [[nodiscard]] std::uint8_t retries() const { return retries_; }
  /// Too many wrong PINs in a row; only a power cycle mends it.
  [[nodiscard]] bool needs_power_cycle() const { return misses_in_a_row_ >= kMaxMissesInARow; }
  /// 0 where none is set.
  [[nodiscard]] std::size_t code_points() const { return code_points_; }

  /// The rules for a new PIN: UTF-8, length in code points and in bytes; PIN_POLICY_VIOLATION otherwise.
  /// `complexity`: getInfo's pinComplexityPolicy is on, which refuses PINs of one repeated character and PINs
  /// whose characters go up or down by one.
  [[nodiscard]] static Result<std::size_t> check_policy(ByteView utf8, std::size_t min_code_points,
                                                        bool complexity = false);
  /// Keeps a PIN that passed check_policy; all tries are there again.
  [[nodiscard]] Result<void> set(ByteView utf8, std::size_t code_points);
  /// PIN_NOT_SET, PIN_BLOCKED or PIN_AUTH_BLOCKED where no try is allowed.
  [[nodiscard]] Result<void> check_not_blocked() const;
  /// Spends a try and compares. PIN_INVALID, PIN_AUTH_BLOCKED or PIN_BLOCKED on a miss.
  [[nodiscard]] Result<void> verify(ByteView pin_hash);
  [[nodiscard]] bool same_as(ByteView utf8) const;

  /// For a test bench: as after so many wrong ones, but for those in a row.
  [[nodiscard]] Result<void> set_retries(std::uint8_t retries);

  void power_cycle() { misses_in_a_row_ = 0; }
  /// After the store was reset.
  void forget();

 private:
  [[nodiscard]] Result<void> save(const PinHash& hash, std::size_t code_points, std::uint8_t retries);

  CredentialStore& store_;
  std::optional<PinHash> hash_;
  std::size_t code_points_ = 0;
  std::uint8_t retries_ = kMaxRetries;
  std::uint8_t misses_in_a_row_ = 0;
};

/// LEFT(SHA-256(utf8), 16).
[[nodiscard]] PinHash hash_pin(ByteView utf8);

}  // namespace fauxkey
