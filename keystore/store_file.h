// The SQLite file as a keystore: how it is recognized, made and opened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "fauxkey/clock.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "keystore/lock_file.h"
#include "keystore/opening.h"
#include "keystore/rollback.h"
#include "keystore/sealing.h"
#include "keystore/sqlite.h"
#include "keystore/unlock.h"
#include "keystore/unlocking.h"

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

/// A file just opened, with what opened it: not to be kept longer than it takes to use it.
struct OpenedFile {
  OpenFile file;
  Unlocked unlocked;
  Generation generation;
};

/// See SqliteStore::open.
[[nodiscard]] StoreResult<OpenedFile> open_store_file(const std::filesystem::path& path,
                                                      const UnlockSource& source, Random& random,
                                                      const Clock& clock, const Opening& opening = {});

/// Whether there is a keystore, and no other file. Looks at the file's header before SQLite does, for SQLite
/// would change a foreign file that has a journal beside it.
[[nodiscard]] StoreResult<bool> inspect(const std::filesystem::path& path);
/// Opens a file that this process has opened before and holds the lock of.
[[nodiscard]] StoreResult<std::unique_ptr<Database>> reopen(const std::filesystem::path& path);
/// Whether it is a keystore of this format.
[[nodiscard]] StoreResult<void> check_store(const Database& database);
/// A journal without its keystore may hold the last of a keystore that was moved away, and SQLite would pour
/// it into a new one.
[[nodiscard]] StoreResult<void> refuse_leftovers(const std::filesystem::path& path);

/// The wrapped master key (key_wrap.h); empty where there is none.
[[nodiscard]] StoreResult<Bytes> read_unlock_record(const Database& database);
[[nodiscard]] StoreResult<void> write_unlock_record(Database& database, ByteView wrapped);

}  // namespace fauxkey::keystore
