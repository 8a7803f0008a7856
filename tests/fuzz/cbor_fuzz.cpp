// The CBOR decoder under any bytes: what it takes is canonical, so encoding gives back the same bytes, and
// decoding those the same value.
#include <algorithm>
#include <cstdlib>

#include "cbor/cbor.h"

namespace {

using namespace fauxkey;

void require(bool holds) {
  if (!holds) std::abort();
}

int depth(const cbor::Value& value) {
  int deepest = 0;
  if (const auto* array = value.as<cbor::Array>()) {
    for (const auto& element : *array) deepest = std::max(deepest, depth(element));
    return deepest + 1;
  }
  if (const auto* map = value.as<cbor::Map>()) {
    for (const auto& [key, element] : *map) deepest = std::max({deepest, depth(key), depth(element)});
    return deepest + 1;
  }
  return 0;
}

/// Floats, undefined and further simple values are taken but not told apart, so they cannot be encoded again.
bool has_other(const cbor::Value& value) {
  if (value.as<cbor::Other>() != nullptr) return true;
  if (const auto* array = value.as<cbor::Array>()) {
    for (const auto& element : *array) {
      if (has_other(element)) return true;
    }
  }
  if (const auto* map = value.as<cbor::Map>()) {
    for (const auto& [key, element] : *map) {
      if (has_other(key) || has_other(element)) return true;
    }
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input{data, size};
  const auto value = cbor::decode(input);
  if (!value) {
    require(!value.error().empty());
    return 0;
  }
  require(depth(*value) <= cbor::kMaxNesting);
  if (has_other(*value)) return 0;
  const Bytes encoded = cbor::encode(*value);
  require(std::ranges::equal(encoded, input));
  const auto again = cbor::decode(encoded);
  require(again.has_value() && *again == *value);
  return 0;
}
