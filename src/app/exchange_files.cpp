#include "app/exchange_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "app/error.h"
#include "keystore/exchange/age.h"
#include "keystore/files.h"
#include "keystore/unlock_secret.h"

namespace fauxkey::app {
namespace {

namespace fs = std::filesystem;
namespace age = exchange::age;

std::string in_quotes(const fs::path& path) { return "'" + path.string() + "'"; }
std::string reason() { return std::string{" ("} + std::strerror(errno) + ")"; }

template <class T>
T checked(StoreResult<T> result) {
  if (!result) throw Failure{result.error().message};
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace

WipingBytes read_exchange_file(const std::string& path) {
  constexpr std::size_t kStep = std::size_t{256} << 10U;
  const bool stdin_is_meant = path == "-";
  const std::string name = stdin_is_meant ? "stdin" : in_quotes(path);
  const keystore::File file =
      stdin_is_meant ? keystore::File{::dup(STDIN_FILENO)} : keystore::File::open(path, O_RDONLY);
  if (!file.valid())
    throw Failure{"The file " + name + " cannot be read" + reason() + ": check its path and permissions."};
  WipingBytes content;
  for (;;) {
    const std::size_t at = content.size();
    content.resize(at + kStep);
    const ssize_t got = file.read({content.data() + at, kStep});
    if (got < 0)
      throw Failure{"The file " + name + " cannot be read" + reason() + ": check its path and the disk."};
    content.resize(at + static_cast<std::size_t>(got));
    if (content.size() > kMaxImport) {
      throw Failure{"The file " + name +
                    " has more than 64 MiB: split it, and import one part after the other."};
    }
    if (static_cast<std::size_t>(got) < kStep) return content;
  }
}

void require_absent(const fs::path& path) {
  std::error_code ignored;
  if (fs::symlink_status(path, ignored).type() == fs::file_type::not_found) return;
  throw Failure{"There is a file " + in_quotes(path) +
                " already, and it was left as it is: move it away, or name "
                "another with --to."};
}

void write_exchange_file(const fs::path& path, ByteView content, Random& random) {
  require_absent(path);
  const keystore::Draft draft{path, random};
  {
    const auto file = draft.create();
    if (!file) {
      throw Failure{"The file " + in_quotes(path) + " could not be made" + reason() +
                    ": make its folder, or name another place with --to."};
    }
    if (!file->write(content) || ::fsync(file->descriptor()) != 0) {
      throw Failure{"The file " + in_quotes(path) + " could not be written" + reason() +
                    ": make room on the disk, or name another place with --to."};
    }
  }
  checked(draft.publish());
}

Passphrase::Passphrase(const std::string& source, Random& random) : random_{random} {
  auto parsed = parse_unlock_source(source.empty() ? "ask" : source);
  if (!parsed || parsed->kind == UnlockSource::Kind::key_file) {
    throw UsageError{
        "--passphrase takes ask, env:NAME, fd:N or credential:NAME, and not the passphrase itself."};
  }
  source_ = *std::move(parsed);
}

SecretBytes Passphrase::read(bool create, const std::string& name, bool retry) {
  const auto occasion = create ? keystore::Occasion::create : keystore::Occasion::open;
  return checked(keystore::read_unlock_secret(source_, occasion, random_, name, retry)).bytes;
}

const SecretBytes& Passphrase::for_new(const std::string& name) {
  // One for all the files of an export.
  if (!known_) known_ = read(true, name, false);
  return *known_;
}

WipingBytes Passphrase::decrypt(const std::string& name, ByteView content) {
  constexpr int kTries = 3;
  const bool asks = source_.kind == UnlockSource::Kind::ask;
  for (int tries = 1;; ++tries) {
    if (!known_) known_ = read(false, name, tries > 1);
    auto plaintext = age::decrypt(content, *known_);
    if (plaintext) return *std::move(plaintext);
    if (!plaintext.error().wrong_passphrase)
      throw Failure{in_quotes(name) + " " + plaintext.error().message + "."};
    if (!asks || tries == kTries) {
      throw Failure{
          in_quotes(name) +
          " does not open with this passphrase: try again with the one that it was encrypted with."};
    }
    // The files before may have had another.
    known_.reset();
  }
}

}  // namespace fauxkey::app
