// Files that appear whole or not at all, and folders for them.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>

#include "base/interrupt.h"
#include "fauxkey/bytes.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"

namespace fauxkey::keystore {

/// A file descriptor that closes itself.
class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_{descriptor} {}
  File(File&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
  File& operator=(File&& other) noexcept;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();
  /// As open(2), close-on-exec and never waiting for another end; check `valid`, errno says why not.
  [[nodiscard]] static File open(const std::filesystem::path& path, int flags, mode_t mode = 0);
  [[nodiscard]] bool valid() const { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// Reads until `buffer` is full or the file ends; -1 and errno on errors.
  [[nodiscard]] ssize_t read(std::span<std::uint8_t> buffer) const;
  /// Writes all; false and errno on errors.
  [[nodiscard]] bool write(ByteView bytes) const;

 private:
  int descriptor_ = -1;
};

/// As sentences name it: in quotes.
[[nodiscard]] std::string quoted(const std::filesystem::path& path);

/// Makes what is missing of the folder, mode 0700.
[[nodiscard]] StoreResult<void> make_folder(const std::filesystem::path& folder);
/// Makes the names in a folder durable.
[[nodiscard]] StoreResult<void> sync_folder(const std::filesystem::path& folder);

/// A name beside a file under which that is prepared; what stands there at the end is removed, also at an end
/// by Ctrl-C.
class Draft {
 public:
  Draft(const std::filesystem::path& final_path, Random& random);
  ~Draft();
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Makes the empty file, mode 0600.
  [[nodiscard]] StoreResult<File> create() const;
  /// Gives the file its final name, durably, if nothing has that name.
  [[nodiscard]] StoreResult<void> publish() const;
  /// Gives the file its final name, durably, in place of what has it.
  [[nodiscard]] StoreResult<void> replace() const;

 private:
  std::filesystem::path final_;
  const std::filesystem::path path_;
  interrupt::UnfinishedFile unfinished_;
};

}  // namespace fauxkey::keystore
