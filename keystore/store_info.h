// What can be told of a keystore without opening it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "fauxkey/credential_store.h"
#include "keystore/key_wrap.h"

namespace fauxkey::keystore {

struct StoreInfo {
  std::int64_t format = 0;
  std::uint64_t size = 0;  ///< bytes of the file
  Wrapping wrapping;
  std::uint64_t credentials = 0;
  std::uint64_t counters = 0;
  std::uint64_t records = 0;
};

/// Changes nothing. Nobody may have the keystore open.
[[nodiscard]] StoreResult<StoreInfo> store_info(const std::filesystem::path& path);

}  // namespace fauxkey::keystore
