// How hard Argon2id works on a passphrase: so hard that this machine takes about half a second, so that
// guessing costs as much on one like it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace fauxkey::keystore {

struct Argon2Cost {
  std::uint64_t passes = 0;
  std::uint64_t memory = 0;  ///< bytes

  friend bool operator==(const Argon2Cost&, const Argon2Cost&) = default;
};

/// What opening a keystore should take of its user's time.
inline constexpr std::chrono::milliseconds kArgon2Time{500};
/// RFC 9106's second recommended option: no less where the machine has the memory, however slow it is.
inline constexpr Argon2Cost kLeastArgon2Cost{3, std::uint64_t{64} << 20U};
/// No more than this, however fast it is; also the most that a forged file may ask for.
inline constexpr std::uint64_t kMaxArgon2Memory = std::uint64_t{1} << 30U;

/// Whether a file may ask for it: bounds what a forged one can make a machine do (3 GiB of memory gone
/// through, some three seconds).
[[nodiscard]] bool is_bearable(const Argon2Cost& cost);

/// How long one run takes.
using Argon2Stopwatch = std::function<std::chrono::duration<double>(const Argon2Cost&)>;

/// As much as `stopwatch`, which is asked once, lets kArgon2Time have: memory first, of which it takes a
/// quarter of what is `available` (bytes) at most, then passes.
[[nodiscard]] Argon2Cost choose_argon2_cost(std::uint64_t available, const Argon2Stopwatch& stopwatch);

/// The same with this machine's memory and clock. Takes some 0.2 s.
[[nodiscard]] Argon2Cost measured_argon2_cost();

/// Neither less memory nor less work than `stored`.
[[nodiscard]] Argon2Cost raised(const Argon2Cost& stored, const Argon2Cost& chosen);

/// What this process may still take, in bytes: the least of what the kernel says is available, of its control
/// group's limit and of its resource limits.
[[nodiscard]] std::uint64_t available_memory();

}  // namespace fauxkey::keystore
