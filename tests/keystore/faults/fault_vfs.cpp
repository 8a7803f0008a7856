#include "fault_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace faults {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// A change that no sync has made durable yet.
struct Change {
  std::int64_t at = 0;
  Bytes bytes;
  bool truncates = false;  ///< to `at`

  void apply(Bytes& image, std::size_t size) const {
    const auto offset = static_cast<std::size_t>(at);
    if (truncates) {
      image.resize(offset);
      return;
    }
    image.resize(std::max(image.size(), offset + size));
    std::copy_n(bytes.begin(), size, image.begin() + at);
  }
};

/// What a file has on the disk, and what is on its way there. Known by its inode, since it may be renamed.
struct Disk {
  std::string path;  ///< as it was last opened
  Bytes durable;
  std::vector<Change> pending;
  bool exists = true;
  bool is_new = false;  ///< its name is in no synced folder yet
};
using Inode = std::pair<dev_t, ino_t>;

struct State {
  sqlite3_vfs* real = nullptr;
  Fault fault = Fault::none;
  std::uint64_t at = 0;
  std::uint64_t operations = 0;
  bool happened = false;
  bool mended = false;
  bool power = true;
  std::mt19937_64 dice;
  std::map<Inode, std::shared_ptr<Disk>> disks;
};
State state;

struct File {
  sqlite3_file base{};
  std::shared_ptr<Disk> disk;
  int error = 0;  ///< as the operating system would have told it last
  sqlite3_file* real = nullptr;
};
File& file_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

bool is_cut(Fault fault) {
  return fault == Fault::cut_keeping_nothing || fault == Fault::cut_keeping_all ||
         fault == Fault::cut_keeping_some;
}
bool lasts(Fault fault) {
  return fault == Fault::full || fault == Fault::read_only || fault == Fault::io_error ||
         fault == Fault::sync_error;
}

void cut() {
  state.power = false;
  for (auto& [inode, disk] : state.disks) {
    for (const Change& change : disk->pending) {
      switch (state.fault) {
        case Fault::cut_keeping_all:
          change.apply(disk->durable, change.bytes.size());
          break;
        case Fault::cut_keeping_some:
          switch (state.dice() % 3) {
            case 0:
              change.apply(disk->durable, change.bytes.size());
              break;
            case 1:
              change.apply(disk->durable, change.bytes.size() / 2);
              break;
            default:
              break;
          }
          break;
        default:
          break;
      }
    }
    disk->pending.clear();
  }
}

enum class Kind : std::uint8_t { write, sync, truncate, remove };

bool concerns(Fault fault, Kind kind) {
  switch (fault) {
    case Fault::fail_write:
    case Fault::tear_write:
      return kind == Kind::write;
    case Fault::fail_sync:
    case Fault::sync_error:
      return kind == Kind::sync;
    case Fault::fail_truncate:
      return kind == Kind::truncate;
    default:
      return true;
  }
}

/// Counts an operation; whether the fault happens at it.
bool is_next(Kind kind) {
  if (!concerns(state.fault, kind)) return false;
  ++state.operations;
  if (state.fault == Fault::none || state.mended) return false;
  if (state.operations != state.at && !(lasts(state.fault) && state.happened)) return false;
  state.happened = true;
  if (is_cut(state.fault)) cut();
  return true;
}

int fail(File& file, int code) {
  file.error = state.fault == Fault::full ? ENOSPC : state.fault == Fault::read_only ? EROFS : EIO;
  return state.fault == Fault::full && code == SQLITE_IOERR_WRITE ? SQLITE_FULL : code;
}

/// Deleted files of that name, or of any, do not come back any more: the folder that had them is written
/// anew.
void forget_deleted(const std::string& name) {
  for (auto& [inode, disk] : state.disks) {
    if (inode.first == 0 && (name.empty() || disk->path == name)) disk->exists = false;
  }
}

int close_file(sqlite3_file* base) {
  File& file = file_of(base);
  const int result = file.real->pMethods != nullptr ? file.real->pMethods->xClose(file.real) : SQLITE_OK;
  std::free(file.real);
  file.~File();
  return result;
}

int read_file(sqlite3_file* base, void* to, int size, sqlite3_int64 at) {
  File& file = file_of(base);
  if (!state.power) return SQLITE_IOERR_READ;
  return file.real->pMethods->xRead(file.real, to, size, at);
}

int write_file(sqlite3_file* base, const void* from, int size, sqlite3_int64 at) {
  File& file = file_of(base);
  if (!state.power) return SQLITE_IOERR_WRITE;
  const bool faulty = is_next(Kind::write);
  if (!state.power) return SQLITE_IOERR_WRITE;
  if (faulty && state.fault == Fault::tear_write) size /= 2;
  if (faulty && state.fault != Fault::tear_write) return fail(file, SQLITE_IOERR_WRITE);
  const auto* bytes = static_cast<const std::uint8_t*>(from);
  if (file.disk) file.disk->pending.push_back({at, Bytes(bytes, bytes + size), false});
  const int result = file.real->pMethods->xWrite(file.real, from, size, at);
  return faulty ? fail(file, SQLITE_IOERR_WRITE) : result;
}

int truncate_file(sqlite3_file* base, sqlite3_int64 size) {
  File& file = file_of(base);
  if (!state.power) return SQLITE_IOERR_TRUNCATE;
  const bool faulty = is_next(Kind::truncate);
  if (!state.power) return SQLITE_IOERR_TRUNCATE;
  if (faulty) return fail(file, SQLITE_IOERR_TRUNCATE);
  if (file.disk) file.disk->pending.push_back({size, {}, true});
  return file.real->pMethods->xTruncate(file.real, size);
}

int sync_file(sqlite3_file* base, int flags) {
  File& file = file_of(base);
  if (!state.power) return SQLITE_IOERR_FSYNC;
  const bool faulty = is_next(Kind::sync);
  if (!state.power) return SQLITE_IOERR_FSYNC;
  if (faulty) {
    // As Linux has it: the pages are taken for written, a later sync does not try them again, and what the
    // disk has is anybody's guess. Here it is nothing; until a read from the disk, the file shows them.
    if (file.disk) file.disk->pending.clear();
    return fail(file, SQLITE_IOERR_FSYNC);
  }
  if (file.disk) {
    for (const Change& change : file.disk->pending) change.apply(file.disk->durable, change.bytes.size());
    file.disk->pending.clear();
    // SQLite's unix VFS syncs the folder of a new journal with it.
    if (std::exchange(file.disk->is_new, false)) forget_deleted({});
  }
  return file.real->pMethods->xSync(file.real, flags);
}

int file_size(sqlite3_file* base, sqlite3_int64* size) {
  File& file = file_of(base);
  if (!state.power) return SQLITE_IOERR_FSTAT;
  return file.real->pMethods->xFileSize(file.real, size);
}
int lock(sqlite3_file* base, int level) {
  return file_of(base).real->pMethods->xLock(file_of(base).real, level);
}
int unlock(sqlite3_file* base, int level) {
  return file_of(base).real->pMethods->xUnlock(file_of(base).real, level);
}
int check_lock(sqlite3_file* base, int* held) {
  return file_of(base).real->pMethods->xCheckReservedLock(file_of(base).real, held);
}
int control(sqlite3_file* base, int what, void* argument) {
  File& file = file_of(base);
  if (what == SQLITE_FCNTL_LAST_ERRNO && file.error != 0) {
    *static_cast<int*>(argument) = file.error;
    return SQLITE_OK;
  }
  return file.real->pMethods->xFileControl(file.real, what, argument);
}
int sector_size(sqlite3_file* base) { return file_of(base).real->pMethods->xSectorSize(file_of(base).real); }
int characteristics(sqlite3_file* base) {
  return file_of(base).real->pMethods->xDeviceCharacteristics(file_of(base).real);
}

const sqlite3_io_methods& methods() {
  static const sqlite3_io_methods kMethods = [] {
    sqlite3_io_methods out{};
    out.iVersion = 1;  // no shared memory: the store holds its file alone
    out.xClose = close_file;
    out.xRead = read_file;
    out.xWrite = write_file;
    out.xTruncate = truncate_file;
    out.xSync = sync_file;
    out.xFileSize = file_size;
    out.xLock = lock;
    out.xUnlock = unlock;
    out.xCheckReservedLock = check_lock;
    out.xFileControl = control;
    out.xSectorSize = sector_size;
    out.xDeviceCharacteristics = characteristics;
    return out;
  }();
  return kMethods;
}

Bytes content(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

int open_file(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* base, int flags, int* out_flags) {
  File& file = *new (base) File{};
  if (!state.power) return SQLITE_CANTOPEN;
  struct stat before{};
  const bool made = name != nullptr && ::stat(name, &before) != 0;
  file.real = static_cast<sqlite3_file*>(std::calloc(1, static_cast<std::size_t>(state.real->szOsFile)));
  const int result = state.real->xOpen(state.real, name, file.real, flags, out_flags);
  if (result != SQLITE_OK) {
    std::free(file.real);
    file.~File();
    base->pMethods = nullptr;
    return result;
  }
  if (name != nullptr && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0) {
    struct stat status{};
    if (::stat(name, &status) == 0) {
      auto& disk = state.disks[{status.st_dev, status.st_ino}];
      if (!disk || made) {
        disk = std::make_shared<Disk>();
        if (!made) disk->durable = content(name);
      }
      if (made) {
        disk->is_new = true;
        forget_deleted(name);
      }
      disk->path = name;
      disk->exists = true;
      file.disk = disk;
    }
  }
  file.base.pMethods = &methods();
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* /*vfs*/, const char* name, int sync_folder) {
  if (!state.power) return SQLITE_IOERR_DELETE;
  const bool faulty = is_next(Kind::remove);
  if (!state.power || (faulty && lasts(state.fault))) return SQLITE_IOERR_DELETE;
  struct stat status{};
  if (::stat(name, &status) == 0) {
    const auto disk = state.disks.find({status.st_dev, status.st_ino});
    if (disk != state.disks.end()) {
      // Whether a cut of the power undoes a deletion is left to chance, unless the folder was synced.
      disk->second->exists = sync_folder == 0 && state.dice() % 2 == 0;
      // The inode's number may come again.
      state.disks[{0, state.operations}] = disk->second;
      state.disks.erase(disk);
    }
  }
  return state.real->xDelete(state.real, name, sync_folder);
}

}  // namespace

void install() {
  state.real = sqlite3_vfs_find(nullptr);
  static sqlite3_vfs vfs = *state.real;
  vfs.iVersion = 1;
  vfs.pNext = nullptr;
  vfs.zName = "faults";
  vfs.szOsFile = sizeof(File);
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  const auto access = [](sqlite3_vfs*, const char* name, int flags, int* result) {
    return state.real->xAccess(state.real, name, flags, result);
  };
  const auto full_path = [](sqlite3_vfs*, const char* name, int size, char* out) {
    return state.real->xFullPathname(state.real, name, size, out);
  };
  vfs.xAccess = access;
  vfs.xFullPathname = full_path;
  if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK) std::abort();
}

void plan(Fault fault, std::uint64_t at, std::uint64_t seed) {
  state.fault = fault;
  state.at = at;
  state.operations = 0;
  state.happened = false;
  state.mended = false;
  state.power = true;
  state.dice.seed(seed * 1'000'003 + at);
  state.disks.clear();
}

std::uint64_t operations() { return state.operations; }
bool happened() { return state.happened; }
void mend() { state.mended = true; }

void restore_after_cut() {
  if (state.power) {
    for (auto& [inode, disk] : state.disks) disk->pending.clear();
  }
  for (const auto& [inode, disk] : state.disks) {
    if (!disk->exists) continue;
    struct stat status{};
    const bool there = ::stat(disk->path.c_str(), &status) == 0;
    // Another file has its name by now, or it was a draft that its maker has removed.
    if (there && inode.first != 0 && Inode{status.st_dev, status.st_ino} != inode) continue;
    if (!there && (inode.first != 0 || disk->path.find(".new-") != std::string::npos)) continue;
    if (there && inode.first == 0) continue;
    std::ofstream out{disk->path, std::ios::binary | std::ios::trunc};
    out.write(reinterpret_cast<const char*>(disk->durable.data()),
              static_cast<std::streamsize>(disk->durable.size()));
  }
  state.disks.clear();
  state.power = true;
  state.mended = true;
}

}  // namespace faults
