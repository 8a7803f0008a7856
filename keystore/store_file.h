// The SQLite file as a keystore: how it is recognized, made and opened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "keystore/files.h"
#include "keystore/key_wrap.h"
#include "keystore/sealing.h"
#include "keystore/sqlite.h"
#include "keystore/unlock.h"

namespace fauxkey::keystore {

/// SQLite's application_id of a keystore: "fxky".
inline constexpr std::uint32_t kApplicationId = 0x66786b79;

struct OpenFile {
  Lock lock;
  std::unique_ptr<Database> database;  ///< after the lock, so that it closes first
  Keys keys;
  /// Where the file is kept as it was in an earlier format: only where something of it could not be read.
  std::optional<std::filesystem::path> kept{};
};

/// See SqliteStore::open.
[[nodiscard]] StoreResult<OpenFile> open_store_file(const std::filesystem::path& path,
                                                    const UnlockSource& unlock, Random& random);

}  // namespace fauxkey::keystore
