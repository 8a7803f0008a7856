#include "fauxkey/random.h"

#include <array>
#include <mutex>

namespace fauxkey {

void SystemRandom::fill(std::span<std::uint8_t> out) {
  if (!out.empty()) randombytes_buf(out.data(), out.size());
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (std::size_t i = 0; i < sizeof seed; ++i) key_.span()[i] = static_cast<std::uint8_t>(seed >> (8 * i));
}

void SeededRandom::fill(std::span<std::uint8_t> out) {
  // Each call takes a nonce of its own, so that it gets fresh bytes whatever the sizes before it were.
  std::array<std::uint8_t, crypto_stream_chacha20_NONCEBYTES> nonce{};
  {
    const std::scoped_lock lock{mutex_};
    const std::uint64_t call = calls_++;
    for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::uint8_t>(call >> (8 * i));
  }
  crypto_stream_chacha20(out.data(), out.size(), nonce.data(), key_.data());
}

}  // namespace fauxkey
