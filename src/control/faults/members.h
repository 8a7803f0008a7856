// A map's member by its key and type.
#pragma once

#include "cbor/cbor.h"

namespace fauxkey::control::faults {

/// nullptr where there is none, or one of another type.
template <class T>
const T* member(const cbor::Map& map, auto key) {
  const auto* value = cbor::find(map, key);
  return value != nullptr ? value->template as<T>() : nullptr;
}

}  // namespace fauxkey::control::faults
