#include "crypto/p256_scalar.h"

#include <array>
#include <cstdint>
#include <stdexcept>

#include "crypto/p256.h"

namespace fauxkey::crypto::p256 {
namespace {

// The order of the group (SP 800-186, 3.2.1.3).
constexpr std::array<std::uint8_t, 32> kOrder{
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

}  // namespace

bool is_private_key(ByteView bytes) {
  if (bytes.size() != kOrder.size()) return false;
  // bytes - n borrows at its end exactly where bytes < n; no branch looks at a digit.
  std::uint32_t borrow = 0;
  std::uint32_t any = 0;
  for (std::size_t i = kOrder.size(); i-- > 0;) {
    borrow = ((std::uint32_t{bytes[i]} - kOrder[i] - borrow) >> 8) & 1U;
    any |= bytes[i];
  }
  return borrow == 1 && any != 0;
}

void require_private_key(ByteView bytes) {
  if (!is_private_key(bytes)) throw std::invalid_argument{"a P-256 private key is 32 bytes in [1, n-1]"};
}

PrivateKey generate(Random& random) {
  // A draw fails once in 2^32 tries, so a source that fails a hundred in a row is broken.
  PrivateKey key;
  for (int tries = 0; tries < 100; ++tries) {
    random.fill(key.span());
    if (is_private_key(key)) return key;
  }
  throw std::runtime_error{"the source of random numbers is broken: it gave no P-256 key in 100 draws"};
}

}  // namespace fauxkey::crypto::p256
