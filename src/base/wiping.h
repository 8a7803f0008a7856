// Ordinary containers for secrets that pass through a library which knows no SecretBytes (JSON, DER): their
// memory is wiped when it is freed. It is neither locked nor guarded, so they live for a moment only.
#pragma once

#include <sodium.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "fauxkey/bytes.h"

namespace fauxkey {

template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>& /*other*/) noexcept {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_array_new_length{};
    return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t{alignof(T)}));
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    sodium_memzero(memory, count * sizeof(T));
    ::operator delete(memory, std::align_val_t{alignof(T)});
  }
  template <class U>
  bool operator==(const WipingAllocator<U>& /*other*/) const noexcept {
    return true;
  }
};

using WipingBytes = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

/// A short one (15 bytes and less) lies in the string itself and is not wiped: no secret here is so short.
using WipingString = std::basic_string<char, std::char_traits<char>, WipingAllocator<char>>;

inline void append(WipingBytes& bytes, ByteView more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

[[nodiscard]] inline ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace fauxkey
