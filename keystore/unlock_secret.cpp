#include "keystore/unlock_secret.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "keystore/files.h"
#include "keystore/pinentry.h"
#include "keystore/sqlite.h"

namespace fauxkey::keystore {
namespace {

namespace fs = std::filesystem;
using Kind = StoreError::Kind;

constexpr std::size_t kKey = 32;
constexpr std::size_t kHexKey = 2 * kKey;

std::unexpected<StoreError> error(std::string sentence) {
  return std::unexpected{StoreError{Kind::io, std::move(sentence)}};
}

std::string reason() { return " (" + std::generic_category().message(errno) + ")"; }

StoreResult<UnlockSecret> passphrase(SecretBytes bytes, const std::string& where) {
  if (bytes.empty())
    return error("The passphrase from " + where + " is empty: give it at least one character.");
  if (bytes.size() > kMaxPassphrase) {
    return error("The passphrase from " + where + " is longer than 1024 bytes: take a shorter one.");
  }
  return UnlockSecret{UnlockSecret::Kind::passphrase, std::move(bytes)};
}

/// The bytes without one line end.
ByteView without_line_end(ByteView bytes) {
  if (!bytes.empty() && bytes.back() == '\n') bytes = bytes.first(bytes.size() - 1);
  if (!bytes.empty() && bytes.back() == '\r') bytes = bytes.first(bytes.size() - 1);
  return bytes;
}

StoreResult<UnlockSecret> make_key_file(const fs::path& path, Random& random) {
  if (path.has_parent_path()) {
    if (auto made = make_folder(path.parent_path()); !made) return std::unexpected{made.error()};
  }
  const Draft draft{path, random};
  const auto file = draft.create();
  if (!file) return std::unexpected{file.error()};
  UnlockSecret secret{UnlockSecret::Kind::key, SecretBytes{kKey}};
  random.fill(secret.bytes.span());
  if (!file->write(secret.bytes) || ::fsync(file->descriptor()) != 0) {
    return std::unexpected{system_error(errno, path, "write the key file")};
  }
  if (auto published = draft.publish(); !published) return std::unexpected{published.error()};
  return secret;
}

StoreResult<UnlockSecret> read_key_file(const fs::path& path, Occasion occasion, Random& random) {
  const std::string name = "'" + path.string() + "'";
  const File file = File::open(path, O_RDONLY);
  if (!file.valid() && errno == ENOENT) {
    if (occasion == Occasion::create) return make_key_file(path, random);
    return error(
        "The key file " + name +
        " is missing, without which its keystore cannot be opened: put it back from a backup, or name the "
        "right one with --unlock keyfile:FILE.");
  }
  if (!file.valid()) {
    return error("The key file " + name + " cannot be read" + reason() + ": check its path and permissions.");
  }
  struct stat status{};
  if (::fstat(file.descriptor(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return error("The key file " + name + " is no ordinary file: name one with --unlock keyfile:FILE.");
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return error("The key file " + name + " is open to other users: run chmod 600 on it.");
  }
  SecretBytes content{kHexKey + 3};
  const ssize_t size = file.read(content.span());
  if (size < 0) {
    return error("The key file " + name + " cannot be read" + reason() + ": check the disk.");
  }
  ByteView bytes = content.view().first(static_cast<std::size_t>(size));
  UnlockSecret secret{UnlockSecret::Kind::key, SecretBytes{kKey}};
  if (bytes.size() == kKey) {
    std::memcpy(secret.bytes.data(), bytes.data(), kKey);
    return secret;
  }
  bytes = without_line_end(bytes);
  std::size_t decoded = 0;
  const char* end = nullptr;
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  if (bytes.size() == kHexKey &&
      sodium_hex2bin(secret.bytes.data(), kKey, text, bytes.size(), nullptr, &decoded, &end) == 0 &&
      decoded == kKey && end == text + kHexKey) {
    return secret;
  }
  return error(
      "The key file " + name +
      " holds neither 32 bytes nor 64 hexadecimal digits and was left as it is: put it back from a backup, "
      "or name another with --unlock keyfile:FILE.");
}

StoreResult<UnlockSecret> read_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) {
    return error("The environment variable " + name +
                 " is not set: put the passphrase into it, or choose another --unlock source.");
  }
  return passphrase(SecretBytes::copy_of({reinterpret_cast<const std::uint8_t*>(value), std::strlen(value)}),
                    "the environment variable " + name);
}

StoreResult<UnlockSecret> read_descriptor(int descriptor) {
  const std::string where = "file descriptor " + std::to_string(descriptor);
  SecretBytes line{kMaxPassphrase + 2};
  std::size_t size = 0;
  // Byte by byte, for what follows the line belongs to somebody else.
  while (size < line.size()) {
    const ssize_t got = ::read(descriptor, line.data() + size, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      pollfd ready{descriptor, POLLIN, 0};
      ::poll(&ready, 1, -1);
      continue;
    }
    if (got < 0) {
      return error("No passphrase can be read from " + where + reason() +
                   ": start fauxkey with that descriptor open for reading.");
    }
    if (got == 0) break;
    if (line.span()[size++] == '\n') break;
  }
  return passphrase(SecretBytes::copy_of(without_line_end(line.view().first(size))), where);
}

StoreResult<UnlockSecret> read_credential(const std::string& name) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) {
    return error("credential:" + name +
                 " needs systemd, which sets $CREDENTIALS_DIRECTORY: add LoadCredential= or "
                 "LoadCredentialEncrypted= to the unit, or choose another --unlock source.");
  }
  const File file = File::open(fs::path{folder} / name, O_RDONLY);
  SecretBytes content{kMaxPassphrase + 3};
  const ssize_t size = file.valid() ? file.read(content.span()) : -1;
  if (size < 0) {
    return error("The systemd credential " + name + " cannot be read" + reason() +
                 ": check LoadCredential= in the unit.");
  }
  const ByteView bytes = without_line_end(content.view().first(static_cast<std::size_t>(size)));
  return passphrase(SecretBytes::copy_of(bytes), "the systemd credential " + name);
}

/// What a person is asked, and where.
struct Question {
  std::string prompt;   ///< "Passphrase"
  std::string subject;  ///< of what
  std::string error;    ///< what was wrong with the last answer; may be empty
};

StoreResult<SecretBytes> ask_somewhere(std::string_view where, const Question& question) {
  if (where != kPinentry && (where == kTerminal || has_terminal())) {
    const std::string about = question.subject.empty() ? "" : " '" + question.subject + "'";
    return ask_terminal((question.error.empty() ? "" : question.error + " ") + question.prompt + about +
                        ": ");
  }
  const std::string description =
      question.subject.empty() ? question.prompt : question.prompt + " '" + question.subject + "'";
  auto answer = ask_pinentry({description, "Passphrase:", question.error}, kMaxPassphrase);
  if (answer) return *std::move(answer);
  const std::string missing = where == kPinentry ? "There is no pinentry to ask for the passphrase with"
                                                 : "There is neither a terminal nor pinentry to ask for the "
                                                   "passphrase with";
  return error(
      missing +
      ": install one (such as the package pinentry-gnome3 or pinentry-curses), start fauxkey in a "
      "terminal, or choose another --unlock source (keyfile:FILE, env:NAME, fd:N, credential:NAME).");
}

StoreResult<UnlockSecret> ask(std::string_view where, Occasion occasion, const std::string& keystore,
                              bool retry) {
  const std::string from = "the keyboard";
  if (occasion == Occasion::open) {
    auto typed = ask_somewhere(where, {"Passphrase of", keystore, retry ? "That did not open it." : ""});
    if (!typed) return std::unexpected{typed.error()};
    return passphrase(*std::move(typed), from);
  }
  std::string wrong;
  for (int attempt = 0; attempt < 3; ++attempt) {
    auto first = ask_somewhere(where, {"New passphrase for", keystore, wrong});
    if (!first) return std::unexpected{first.error()};
    if (first->empty()) return passphrase(SecretBytes{}, from);
    const auto second = ask_somewhere(where, {"The same again", "", ""});
    if (!second) return std::unexpected{second.error()};
    if (equal_in_constant_time(*first, *second)) return passphrase(*std::move(first), from);
    wrong = "These were different.";
  }
  return error("The two passphrases were different three times, so nothing was changed: start again.");
}

}  // namespace

UnlockSecret::Kind secret_kind(const UnlockSource& source) {
  return source.kind == UnlockSource::Kind::key_file ? UnlockSecret::Kind::key
                                                     : UnlockSecret::Kind::passphrase;
}

void forget_unlock_secret(const UnlockSource& source) {
  if (source.kind != UnlockSource::Kind::environment) return;
  // In the block that the process was started with, not in a copy.
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, source.name.c_str(), source.name.size()) != 0) continue;
    if ((*entry)[source.name.size()] != '=') continue;
    char* const value = *entry + source.name.size() + 1;
    sodium_memzero(value, std::strlen(value));
  }
  ::unsetenv(source.name.c_str());
}

StoreResult<UnlockSecret> read_unlock_secret(const UnlockSource& source, Occasion occasion, Random& random,
                                             const std::string& keystore, bool retry) {
  switch (source.kind) {
    case UnlockSource::Kind::key_file:
      return read_key_file(source.name, occasion, random);
    case UnlockSource::Kind::environment:
      return read_environment(source.name);
    case UnlockSource::Kind::descriptor:
      return read_descriptor(source.descriptor);
    case UnlockSource::Kind::credential:
      return read_credential(source.name);
    case UnlockSource::Kind::ask:
      break;
  }
  return ask(source.name, occasion, keystore, retry);
}

}  // namespace fauxkey::keystore
