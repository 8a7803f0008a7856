#include "keystore/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <limits>
#include <string>
#include <string_view>

#include "keystore/sqlite.h"

namespace fauxkey::keystore {
namespace {

namespace fs = std::filesystem;

// The file is two lines:
//   1234 fauxkey run
//   wrong passphrases: 5, the last at 1700000000
constexpr std::size_t kMaxContent = 256;
constexpr std::size_t kMaxCommand = 64;
constexpr std::string_view kTries = "wrong passphrases: ";
constexpr std::string_view kLast = ", the last at ";

std::string content_of(const File& file) {
  std::array<std::uint8_t, kMaxContent> bytes{};
  const ssize_t size = file.read(bytes);
  return {bytes.begin(), bytes.begin() + std::max<ssize_t>(size, 0)};
}

/// Takes a number from the front of `text`; 0 where there is none.
template <class Number>
Number take_number(std::string_view& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

WrongTries tries_in(std::string_view content) {
  const auto at = content.find(kTries);
  if (at == std::string_view::npos) return {};
  content.remove_prefix(at + kTries.size());
  WrongTries tries;
  tries.count = take_number<std::uint32_t>(content);
  if (!content.starts_with(kLast)) return {};
  content.remove_prefix(kLast.size());
  tries.last = take_number<std::int64_t>(content);
  return tries;
}

/// "process 1234 (fauxkey run)"
std::string holder_in(std::string_view content) {
  content = content.substr(0, content.find('\n'));
  const auto pid = take_number<std::uint32_t>(content);
  if (pid == 0) return "another process";
  std::string holder = "process " + std::to_string(pid);
  if (!content.empty()) content.remove_prefix(1);
  const bool printable = std::ranges::all_of(content, [](char c) { return c >= ' ' && c < '\x7f'; });
  if (!content.empty() && content.size() <= kMaxCommand && printable) {
    holder += " (" + std::string{content} + ")";
  }
  return holder;
}

/// The program's name and, where the second word is a subcommand, that: "fauxkey run". Further words may be
/// anybody's business.
std::string own_command() {
  const File file = File::open("/proc/self/cmdline", O_RDONLY);
  if (!file.valid()) return {};
  const std::string words = content_of(file);
  const auto first = words.substr(0, words.find('\0'));
  std::string command = first.substr(first.rfind('/') + 1);
  if (first.size() < words.size()) {
    const auto second = words.substr(first.size() + 1, words.find('\0', first.size() + 1) - first.size() - 1);
    const bool is_subcommand = !second.empty() && second.size() <= 16 &&
                               std::ranges::all_of(second, [](char c) { return c >= 'a' && c <= 'z'; });
    if (is_subcommand) command += " " + second;
  }
  std::ranges::replace_if(command, [](char c) { return c < ' ' || c >= '\x7f'; }, '?');
  return command.substr(0, kMaxCommand);
}

}  // namespace

std::int64_t pause_after(std::uint32_t wrong_tries) {
  constexpr std::uint32_t kFree = 5;
  constexpr std::int64_t kLongest = 60;
  if (wrong_tries < kFree) return 0;
  return std::min(kLongest, std::int64_t{1} << std::min(wrong_tries - kFree, 6U));
}

StoreResult<Lock> Lock::take(const fs::path& path) {
  fs::path lock_path = path;
  lock_path += ".lock";
  File file = File::open(lock_path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!file.valid()) return std::unexpected{system_error(errno, lock_path, "open the lock file")};
  if (::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return std::unexpected{system_error(errno, lock_path, "lock")};
    return std::unexpected{
        StoreError{StoreError::Kind::io, "The keystore '" + path.string() + "' is in use by " +
                                             holder_in(content_of(file)) +
                                             ": stop that one, or name another keystore with --store."}};
  }
  Lock lock{std::move(file)};
  lock.tries_ = tries_in(content_of(lock.file_));
  // Who holds it is a courtesy: on a full disk the lock holds without it.
  lock.write();
  return lock;
}

void Lock::remember(const WrongTries& tries) {
  tries_ = tries;
  write();
  // That they are forgotten may get lost, but not that they were made.
  if (tries.count > 0) static_cast<void>(::fdatasync(file_.descriptor()));
}

void Lock::write() const {
  std::string content = std::to_string(::getpid()) + " " + own_command() + "\n";
  if (tries_.count > 0) {
    content += std::string{kTries} + std::to_string(tries_.count) + std::string{kLast} +
               std::to_string(tries_.last) + "\n";
  }
  // At once and over what is there, so that no moment has less than both lines.
  const ssize_t done = ::pwrite(file_.descriptor(), content.data(), content.size(), 0);
  if (done == static_cast<ssize_t>(content.size())) {
    static_cast<void>(::ftruncate(file_.descriptor(), done));
  }
}

}  // namespace fauxkey::keystore
