// Snapshots of a keystore: its whole state (credentials, PIN, counters, settings) under a name, in the folder
// FILE.snapshots beside it; and forks, which are cloned authenticators in files of their own.
//
// A snapshot is a copy of the file, sealed by the same keys, and opens with what opens the keystore now, even
// if that has changed since it was saved.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "fauxkey/bytes.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "keystore/files.h"
#include "keystore/store_file.h"

namespace fauxkey::keystore {

struct Snapshot {
  std::string name;
  std::int64_t saved_at = 0;  ///< seconds since 1970
  std::uint64_t size = 0;     ///< bytes
};

/// 1 to 64 letters, digits, "-", "_" and ".", the first of which is no ".".
[[nodiscard]] bool is_snapshot_name(std::string_view name);

/// Those of the keystore at `path`, the oldest first. Needs no unlocking.
[[nodiscard]] StoreResult<std::vector<Snapshot>> list_snapshots(const std::filesystem::path& path);
[[nodiscard]] StoreResult<void> delete_snapshot(const std::filesystem::path& path, std::string_view name);

/// An open keystore's file, for copying. It must be closed after the database: SQLite's locks on a file end
/// when any descriptor of it is closed (fcntl(2)).
using SnapshotSource = File;

/// Durable when it returns. Refuses a name that is taken.
[[nodiscard]] StoreResult<void> save_snapshot(OpenFile& open, SnapshotSource& source, std::string_view name,
                                              Random& random);

/// The keystore is as it was when the snapshot was saved, in one step: after a crash it is one or the other.
/// Nobody may use the database meanwhile, and it is another one afterwards; where there is none, reopening
/// failed. What is not taken back: what opens the keystore, its generation (rollback.h) and its revision.
[[nodiscard]] StoreResult<void> restore_snapshot(OpenFile& open, SnapshotSource& source,
                                                 std::string_view name, Random& random);

/// Makes a keystore of its own at `to`, where there must be nothing yet.
[[nodiscard]] StoreResult<void> fork_snapshot(OpenFile& open, std::string_view name,
                                              const std::filesystem::path& to, Random& random);

/// Has all snapshots open by `unlock_record` alone; returns the names of those that are damaged and were left
/// as they are.
[[nodiscard]] StoreResult<std::vector<std::string>> protect_snapshots(OpenFile& open, ByteView unlock_record,
                                                                      Random& random);

}  // namespace fauxkey::keystore
