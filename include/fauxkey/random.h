// Port: random bytes. Key pairs, nonces and identifiers all come from it, so that a seeded source makes the
// same key again.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <span>

#include "fauxkey/bytes.h"
#include "fauxkey/secret.h"

namespace fauxkey {

class Random {
 public:
  virtual ~Random() = default;
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;

  /// Fills `out` with random bytes. Safe to call from several threads.
  virtual void fill(std::span<std::uint8_t> out) = 0;

  template <std::size_t N>
  [[nodiscard]] std::array<std::uint8_t, N> bytes() {
    std::array<std::uint8_t, N> out{};
    fill(out);
    return out;
  }
  template <std::size_t N>
  [[nodiscard]] Secret<N> secret() {
    Secret<N> out;
    fill(out.span());
    return out;
  }

 protected:
  Random() = default;
};

/// The kernel's source, by libsodium.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

/// The same bytes for the same seed (ChaCha20). For tests only: whoever knows the seed knows every key.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(std::span<std::uint8_t> out) override;

 private:
  Secret<32> key_;
  std::mutex mutex_;
  std::uint64_t calls_ = 0;
};

}  // namespace fauxkey
