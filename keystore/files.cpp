#include "keystore/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "base/text.h"
#include "keystore/sqlite.h"

namespace fauxkey::keystore {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path{"."};
}

}  // namespace

File& File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

File::~File() {
  if (valid()) ::close(descriptor_);
}

File File::open(const fs::path& path, int flags, mode_t mode) {
  return File{::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode)};
}

ssize_t File::read(std::span<std::uint8_t> buffer) const {
  std::size_t have = 0;
  while (have < buffer.size()) {
    const ssize_t got = ::read(descriptor_, buffer.data() + have, buffer.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(have);
}

bool File::write(ByteView bytes) const {
  while (!bytes.empty()) {
    const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return true;
}

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

StoreResult<void> make_folder(const fs::path& folder) {
  std::vector<fs::path> missing;
  for (fs::path at = folder; !at.empty() && ::access(at.c_str(), F_OK) != 0 && errno == ENOENT;
       at = at.parent_path()) {
    missing.push_back(at);
  }
  for (auto it = missing.rbegin(); it != missing.rend(); ++it) {
    if (::mkdir(it->c_str(), 0700) != 0 && errno != EEXIST) {
      return std::unexpected{system_error(errno, *it, "make the folder")};
    }
    if (auto synced = sync_folder(folder_of(*it)); !synced) return synced;
  }
  return {};
}

StoreResult<void> sync_folder(const fs::path& folder) {
  const File file = File::open(folder, O_RDONLY | O_DIRECTORY);
  // A folder that may be entered but not listed cannot be synced; its file system's own order has to do.
  if (!file.valid() && errno == EACCES) return {};
  if (!file.valid() || (::fsync(file.descriptor()) != 0 && errno != EINVAL)) {
    return std::unexpected{system_error(errno, folder, "sync the folder")};
  }
  return {};
}

Draft::Draft(const fs::path& final_path, Random& random)
    : final_{final_path},
      path_{final_path.string() + ".new-" + hex(random.bytes<8>())},
      unfinished_{path_.c_str()} {}

Draft::~Draft() {
  for (const char* suffix : {"", "-wal", "-journal"}) {
    fs::path leftover = path_;
    leftover += suffix;
    ::unlink(leftover.c_str());
  }
}

StoreResult<File> Draft::create() const {
  File file = File::open(path_, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!file.valid()) return std::unexpected{system_error(errno, final_, "make")};
  return file;
}

StoreResult<void> Draft::publish() const {
  int error = 0;
  if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, final_.c_str(), RENAME_NOREPLACE) != 0) {
    error = errno;
    // Some file systems have no RENAME_NOREPLACE; a hard link never replaces anything either.
    if (error == EINVAL || error == ENOSYS) error = ::link(path_.c_str(), final_.c_str()) == 0 ? 0 : errno;
  }
  if (error != 0) return std::unexpected{system_error(error, final_, "make")};
  return sync_folder(folder_of(final_));
}

StoreResult<void> Draft::replace() const {
  if (::rename(path_.c_str(), final_.c_str()) != 0)
    return std::unexpected{system_error(errno, final_, "replace")};
  return sync_folder(folder_of(final_));
}

}  // namespace fauxkey::keystore
