// Memory for secrets: libsodium's guarded allocations, locked against swap, left out of core dumps, wiped
// when freed. A secret is moved, or copied by name (`clone`), and has no operator that would print it.
#pragma once

#include <sodium.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <utility>

#include "fauxkey/bytes.h"

namespace fauxkey {

namespace detail {
/// libsodium is started before main, and before the first secret of any file that sees this one: unstarted,
/// its guarded memory ends the process.
inline const bool sodium_started = sodium_init() >= 0;

struct SodiumFree {
  void operator()(std::uint8_t* memory) const noexcept { sodium_free(memory); }
};
}  // namespace detail

/// A secret whose size is known at run time only. Empty secrets own no memory.
class SecretBytes {
 public:
  SecretBytes() = default;
  /// `size` zero bytes.
  explicit SecretBytes(std::size_t size) : size_{size} {
    if (size == 0) return;
    memory_.reset(static_cast<std::uint8_t*>(sodium_malloc(size)));
    if (!memory_) throw std::bad_alloc{};
    std::fill_n(memory_.get(), size, std::uint8_t{0});
  }
  [[nodiscard]] static SecretBytes copy_of(ByteView bytes) {
    SecretBytes secret{bytes.size()};
    std::copy(bytes.begin(), bytes.end(), secret.memory_.get());
    return secret;
  }
  [[nodiscard]] SecretBytes clone() const { return copy_of(view()); }

  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  SecretBytes(SecretBytes&& other) noexcept
      : memory_{std::move(other.memory_)}, size_{std::exchange(other.size_, 0)} {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    memory_ = std::move(other.memory_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }
  ~SecretBytes() = default;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::uint8_t* data() { return memory_.get(); }
  [[nodiscard]] const std::uint8_t* data() const { return memory_.get(); }
  [[nodiscard]] ByteView view() const { return {memory_.get(), size_}; }
  [[nodiscard]] std::span<std::uint8_t> span() { return {memory_.get(), size_}; }
  operator ByteView() const { return view(); }  // NOLINT(google-explicit-constructor)

 private:
  std::unique_ptr<std::uint8_t, detail::SodiumFree> memory_;
  std::size_t size_ = 0;
};

/// A secret of exactly N bytes.
template <std::size_t N>
class Secret {
 public:
  /// N zero bytes.
  Secret() : bytes_{N} {}
  /// Throws std::length_error unless `bytes` has exactly N of them.
  [[nodiscard]] static Secret copy_of(ByteView bytes) {
    if (bytes.size() != N) throw std::length_error{"a secret of another size was expected"};
    Secret secret;
    std::copy(bytes.begin(), bytes.end(), secret.bytes_.data());
    return secret;
  }
  [[nodiscard]] Secret clone() const { return copy_of(bytes_); }

  static constexpr std::size_t size() { return N; }
  [[nodiscard]] std::uint8_t* data() { return bytes_.data(); }
  [[nodiscard]] const std::uint8_t* data() const { return bytes_.data(); }
  [[nodiscard]] std::span<const std::uint8_t, N> view() const {
    return std::span<const std::uint8_t, N>{bytes_.data(), N};
  }
  [[nodiscard]] std::span<std::uint8_t, N> span() { return std::span<std::uint8_t, N>{bytes_.data(), N}; }
  operator ByteView() const { return bytes_.view(); }  // NOLINT(google-explicit-constructor)

 private:
  SecretBytes bytes_;
};

/// Compares in constant time; false where the sizes differ.
[[nodiscard]] inline bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace fauxkey
