#include "keystore/snapshots.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <tuple>
#include <utility>

#include "keystore/record.h"
#include "keystore/rollback.h"
#include "keystore/state_record.h"

namespace fauxkey::keystore {
namespace {

namespace fs = std::filesystem;
using Kind = StoreError::Kind;

constexpr std::string_view kExtension = ".db";

fs::path folder_of_snapshots(const fs::path& path) {
  fs::path folder = path;
  folder += ".snapshots";
  return folder;
}

fs::path file_of(const fs::path& path, std::string_view name) {
  return folder_of_snapshots(path) / (std::string{name} + std::string{kExtension});
}

StoreResult<void> check_name(std::string_view name) {
  if (is_snapshot_name(name)) return {};
  return std::unexpected{StoreError{Kind::io,
                                    "A snapshot's name is 1 to 64 letters, digits, \"-\", \"_\" and \".\", "
                                    "and does not begin with \".\": choose such a name."}};
}

StoreError no_such_snapshot(std::string_view name) {
  return {Kind::io, "There is no snapshot '" + std::string{name} +
                        "' of this keystore: see fauxkey keystore snapshot list."};
}

bool cannot_copy_by_kernel(int error) {
  return error == EXDEV || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

bool copy_by_hand(const File& from, const File& to) {
  Bytes buffer(std::size_t{1} << 20U);
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(from.descriptor(), buffer.data(), buffer.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    if (!to.write({buffer.data(), static_cast<std::size_t>(got)})) return false;
    at += got;
  }
}

/// As one moment's image where the file system shares blocks (FICLONE), else by the kernel's own copying.
StoreResult<void> copy(const File& from, const File& to, const fs::path& named) {
  const auto fail = [&] { return std::unexpected{system_error(errno, named, "copy")}; };
  if (::ioctl(to.descriptor(), FICLONE, from.descriptor()) != 0) {
    struct stat status{};
    if (::fstat(from.descriptor(), &status) != 0) return fail();
    loff_t at = 0;
    while (at < status.st_size) {
      loff_t to_at = at;
      const auto left = static_cast<std::size_t>(status.st_size - at);
      const ssize_t done = ::copy_file_range(from.descriptor(), &at, to.descriptor(), &to_at, left, 0);
      if (done < 0 && errno == EINTR) continue;
      if (done < 0 && at == 0 && cannot_copy_by_kernel(errno)) {
        if (!copy_by_hand(from, to)) return fail();
        break;
      }
      if (done < 0) return fail();
      if (done == 0) break;  // it has become shorter, and is no keystore then, which opening it finds
    }
  }
  if (::fsync(to.descriptor()) != 0) return fail();
  return {};
}

StoreResult<void> copy_into(const Draft& draft, const File& from, const fs::path& named) {
  const auto file = draft.create();
  if (!file) return std::unexpected{file.error()};
  return copy(from, *file, named);
}

StoreResult<File> open_snapshot(const fs::path& path, std::string_view name) {
  if (auto good = check_name(name); !good) return std::unexpected{good.error()};
  File file = File::open(file_of(path, name), O_RDONLY | O_NOFOLLOW);
  if (!file.valid()) {
    if (errno == ENOENT) return std::unexpected{no_such_snapshot(name)};
    return std::unexpected{system_error(errno, file_of(path, name), "open the snapshot")};
  }
  return file;
}

std::optional<Tally> read_tally(const Database& database, const Keys& keys) {
  const auto record = read_state(database, keys, RecordKind::revision);
  return record && *record ? decode_tally(**record) : std::nullopt;
}

/// What a copy of a keystore has otherwise than its original.
struct Changes {
  Bytes unlock_record;
  std::optional<Generation> generation;
  std::optional<std::uint64_t> revision_at_least;
};

/// Opens the copy, and sees that it is one of a keystore with these keys, before anything relies on it.
StoreResult<void> change(const fs::path& copy, const fs::path& named, const Keys& keys,
                         const Changes& changes, Random& random) {
  auto opened = Database::open(copy);
  if (!opened) return std::unexpected{opened.error()};
  Database& database = **opened;
  const auto damaged = [&](const char* what) { return std::unexpected{damaged_file(named, what)}; };
  if (!check_store(database)) return damaged("it is no copy of a keystore");
  const auto generation = read_state(database, keys, RecordKind::generation);
  if (!generation || !*generation) return damaged("it is no copy of this keystore");
  Transaction transaction{database};
  if (auto begun = transaction.begin(); !begun) return begun;
  if (auto written = write_unlock_record(database, changes.unlock_record); !written) return written;
  if (changes.generation) {
    if (auto written = write_generation(database, keys, *changes.generation, random); !written)
      return written;
  }
  // A tally that cannot be read is counted anew, with a revision that never was.
  if (auto tally = changes.revision_at_least ? read_tally(database, keys) : std::nullopt) {
    tally->revision = std::max(tally->revision, *changes.revision_at_least);
    const auto encoded = encode_tally(*tally);
    if (auto written = write_state(database, keys, RecordKind::revision, encoded, random); !written) {
      return written;
    }
  }
  if (auto committed = transaction.commit(); !committed) return committed;
  if (auto moved = database.checkpoint(); !moved) return moved;
  database.allow_checkpoint_on_close();
  return {};
}

StoreResult<void> protect_one(const OpenFile& open, std::string_view name, ByteView unlock_record,
                              Random& random) {
  const fs::path target = file_of(open.database->path(), name);
  const auto snapshot = open_snapshot(open.database->path(), name);
  if (!snapshot) return std::unexpected{snapshot.error()};
  struct stat status{};
  if (::fstat(snapshot->descriptor(), &status) != 0) {
    return std::unexpected{system_error(errno, target, "read")};
  }
  const Draft draft{target, random};
  if (auto copied = copy_into(draft, *snapshot, target); !copied) return copied;
  const Changes changes{{unlock_record.begin(), unlock_record.end()}, {}, {}};
  if (auto changed = change(draft.path(), target, open.keys, changes, random); !changed) return changed;
  // It was saved when it was saved.
  const std::array<timespec, 2> times{status.st_atim, status.st_mtim};
  static_cast<void>(::utimensat(AT_FDCWD, draft.path().c_str(), times.data(), 0));
  return draft.replace();
}

}  // namespace

bool is_snapshot_name(std::string_view name) {
  constexpr std::size_t kLongest = 64;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= kLongest && name.front() != '.' &&
         std::ranges::all_of(name, allowed);
}

StoreResult<std::vector<Snapshot>> list_snapshots(const fs::path& path) {
  const fs::path folder = folder_of_snapshots(path);
  std::vector<std::pair<long, Snapshot>>
      found;  ///< with the nanoseconds, which tell those of one second apart
  std::error_code error;
  for (fs::directory_iterator entry{folder, error}; !error && entry != fs::directory_iterator{};
       entry.increment(error)) {
    const std::string file = entry->path().filename().string();
    struct stat status{};
    if (!file.ends_with(kExtension) || ::lstat(entry->path().c_str(), &status) != 0 ||
        !S_ISREG(status.st_mode)) {
      continue;
    }
    const std::string name = file.substr(0, file.size() - kExtension.size());
    if (!is_snapshot_name(name)) continue;
    found.emplace_back(status.st_mtim.tv_nsec,
                       Snapshot{name, status.st_mtim.tv_sec, static_cast<std::uint64_t>(status.st_size)});
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return std::unexpected{system_error(error.value(), folder, "read")};
  }
  std::ranges::sort(found, {}, [](const auto& one) {
    return std::tuple{one.second.saved_at, one.first, std::string_view{one.second.name}};
  });
  std::vector<Snapshot> snapshots;
  snapshots.reserve(found.size());
  for (auto& [nanoseconds, snapshot] : found) snapshots.push_back(std::move(snapshot));
  return snapshots;
}

StoreResult<void> delete_snapshot(const fs::path& path, std::string_view name) {
  if (auto good = check_name(name); !good) return good;
  if (::unlink(file_of(path, name).c_str()) != 0) {
    if (errno == ENOENT) return std::unexpected{no_such_snapshot(name)};
    return std::unexpected{system_error(errno, file_of(path, name), "delete")};
  }
  return sync_folder(folder_of_snapshots(path));
}

StoreResult<void> save_snapshot(OpenFile& open, SnapshotSource& source, std::string_view name,
                                Random& random) {
  const fs::path& path = open.database->path();
  if (auto good = check_name(name); !good) return good;
  const fs::path target = file_of(path, name);
  if (::access(target.c_str(), F_OK) == 0) {
    return std::unexpected{StoreError{Kind::io, "There is a snapshot '" + std::string{name} +
                                                    "' already: choose another name, or delete it first by "
                                                    "fauxkey keystore snapshot delete."}};
  }
  if (auto made = make_folder(target.parent_path()); !made) return made;
  // All is in the one file then, and nobody writes: this process has the lock, and the caller the store.
  if (auto moved = open.database->checkpoint(); !moved) return moved;
  if (!source.valid()) source = File::open(path, O_RDONLY | O_NOFOLLOW);
  if (!source.valid()) return std::unexpected{system_error(errno, path, "read")};
  const Draft draft{target, random};
  if (auto copied = copy_into(draft, source, target); !copied) return copied;
  return draft.publish();
}

StoreResult<void> restore_snapshot(OpenFile& open, SnapshotSource& source, std::string_view name,
                                   Random& random) {
  const fs::path path = open.database->path();
  const auto snapshot = open_snapshot(path, name);
  if (!snapshot) return std::unexpected{snapshot.error()};
  const auto unlock_record = read_unlock_record(*open.database);
  if (!unlock_record) return std::unexpected{unlock_record.error()};
  Generation generation = read_generation(*open.database, open.keys);
  ++generation.number;
  const auto tally = read_tally(*open.database, open.keys);
  const std::uint64_t revision = tally ? tally->revision + 1 : 0;

  const Draft draft{path, random};
  if (auto copied = copy_into(draft, *snapshot, path); !copied) return copied;
  const Changes changes{*unlock_record, generation, revision};
  if (auto changed = change(draft.path(), file_of(path, name), open.keys, changes, random); !changed)
    return changed;

  // No log may be left to be taken for the new file's.
  const auto mode = open.database->query_text("PRAGMA journal_mode=DELETE");
  if (!mode) return std::unexpected{mode.error()};
  if (*mode != "delete") return std::unexpected{open.database->error()};
  open.database.reset();
  source = {};
  const auto replaced = draft.replace();
  // Whether it worked or not, something stands there.
  auto database = reopen(path);
  if (!database) return std::unexpected{database.error()};
  open.database = *std::move(database);
  return replaced;
}

StoreResult<void> fork_snapshot(OpenFile& open, std::string_view name, const fs::path& to, Random& random) {
  const auto snapshot = open_snapshot(open.database->path(), name);
  if (!snapshot) return std::unexpected{snapshot.error()};
  struct stat status{};
  if (::lstat(to.c_str(), &status) == 0) {
    return std::unexpected{StoreError{
        Kind::io, "There is a file '" + to.string() + "' already: give the fork another one by --to."}};
  }
  if (auto clean = refuse_leftovers(to); !clean) return clean;
  if (to.has_parent_path()) {
    if (auto made = make_folder(to.parent_path()); !made) return made;
  }
  const auto unlock_record = read_unlock_record(*open.database);
  if (!unlock_record) return std::unexpected{unlock_record.error()};
  const Draft draft{to, random};
  if (auto copied = copy_into(draft, *snapshot, to); !copied) return copied;
  const Changes changes{*unlock_record, Generation{random.bytes<16>(), 0}, {}};
  if (auto changed = change(draft.path(), file_of(open.database->path(), name), open.keys, changes, random);
      !changed) {
    return changed;
  }
  return draft.publish();
}

StoreResult<std::vector<std::string>> protect_snapshots(OpenFile& open, ByteView unlock_record,
                                                        Random& random) {
  const auto snapshots = list_snapshots(open.database->path());
  if (!snapshots) return std::unexpected{snapshots.error()};
  std::vector<std::string> left;
  for (const Snapshot& snapshot : *snapshots) {
    if (!protect_one(open, snapshot.name, unlock_record, random)) left.push_back(snapshot.name);
  }
  return left;
}

}  // namespace fauxkey::keystore
