// Writes a keystore's file anew, without the room and the traces that deleted records left.
#pragma once

#include <cstdint>

#include "fauxkey/credential_store.h"

namespace fauxkey::keystore {

class Database;

/// Of the file, in bytes.
struct Sizes {
  std::uint64_t before = 0;
  std::uint64_t after = 0;
};

/// In one step: a crash leaves the file as it was or as it is to be.
[[nodiscard]] StoreResult<Sizes> compact(Database& database);

}  // namespace fauxkey::keystore
