// Any bytes as an age file. With the passphrase that the corpus has, so that its files open; the work factor
// is bounded low, for scrypt is not what is looked at.
#include <algorithm>
#include <cstdlib>

#include "keystore/exchange/age.h"
#include "keystore/exchange/age_header.h"

namespace {

using namespace fauxkey;
namespace age = exchange::age;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kMaxWorkFactor = 4;
  const ByteView file{data, size};
  static const auto passphrase = SecretBytes::copy_of(bytes_of("correct horse"));
  const auto opened = age::decrypt(file, passphrase, kMaxWorkFactor);
  if (!opened) {
    require(!opened.error().message.empty());
  } else {
    require(age::is_age(file));
    require(opened->size() < size);
  }
  // A header that is taken is the one way to write it.
  if (const auto parsed = age::parse_header(file)) {
    require(age::encode_without_mac(parsed->header) == parsed->without_mac);
    require(parsed->size <= size);
  }
  return 0;
}
