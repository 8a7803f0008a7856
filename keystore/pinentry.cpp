#include "keystore/pinentry.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "keystore/files.h"

namespace fauxkey::keystore {
namespace {

/// Assuan's longest line, with its end.
constexpr std::size_t kMaxLine = 1002;
/// libgpg-error's codes, the low 16 bits of an error.
constexpr unsigned kErrorCodes = 0xffff;
constexpr unsigned kCanceled = 99;
constexpr unsigned kFullyCanceled = 198;

StoreError failed(const std::string& sentence) { return {StoreError::Kind::io, sentence}; }

StoreError broken() {
  return failed(
      "pinentry ended without an answer: see that it works here (echo GETPIN | pinentry), or start fauxkey "
      "in "
      "a terminal.");
}

/// The program as a child at the other end of a socket.
class Pinentry {
 public:
  explicit Pinentry(const char* program) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
    own_ = File{ends[0]};
    const File other{ends[1]};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, other.descriptor(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, other.descriptor(), STDOUT_FILENO);
    // Toolkits have much to say there that is not for whoever types a passphrase.
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    // The keystore's files and whatever else is open are not its business.
    ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::string name{program};
    std::array<char*, 2> arguments{name.data(), nullptr};
    if (::posix_spawnp(&child_, program, &actions, &attributes, arguments.data(), environ) != 0) child_ = -1;
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
  }
  ~Pinentry() {
    own_ = {};  // the end of its input is the end of it
    if (child_ < 0) return;
    constexpr int kPatience = 100;
    for (int i = 0; i < kPatience; ++i) {
      if (::waitpid(child_, nullptr, WNOHANG) != 0) return;
      ::poll(nullptr, 0, 20);
    }
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  Pinentry(const Pinentry&) = delete;
  Pinentry& operator=(const Pinentry&) = delete;

  [[nodiscard]] bool started() const { return child_ >= 0; }

  [[nodiscard]] bool send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t done = ::send(own_.descriptor(), text.data(), text.size(), MSG_NOSIGNAL);
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
  }

  /// The next line without its end; nothing where there is none, or it is longer than Assuan allows. Valid
  /// until the next call.
  [[nodiscard]] std::optional<std::string_view> line() {
    std::memmove(buffer_.data(), buffer_.data() + std::exchange(begin_, 0), size_);
    for (std::size_t looked = 0;;) {
      const auto* const text = reinterpret_cast<const char*>(buffer_.data());
      if (const auto at = std::string_view{text, size_}.find('\n', looked); at != std::string_view::npos) {
        begin_ = at + 1;
        size_ -= begin_;
        return std::string_view{text, at};
      }
      looked = size_;
      if (size_ == buffer_.size()) return std::nullopt;
      const ssize_t got = ::read(own_.descriptor(), buffer_.data() + size_, buffer_.size() - size_);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return std::nullopt;
      size_ += static_cast<std::size_t>(got);
    }
  }

 private:
  File own_;
  pid_t child_ = -1;
  SecretBytes buffer_{kMaxLine};
  std::size_t begin_ = 0;  ///< of what no line was taken of yet
  std::size_t size_ = 0;   ///< of that
};

/// An argument as Assuan takes it: no line ends, and "%" for itself only.
std::string escaped(std::string_view text) {
  constexpr std::size_t kLongest = 250;  // thrice of that, and the command, fit into a line
  std::string out;
  for (const char c : text.substr(0, kLongest)) {
    if (c == '%') {
      out += "%25";
    } else if (c == '\n') {
      out += "%0A";
    } else if (c == '\r') {
      out += "%0D";
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::uint8_t> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

/// What the data lines of an answer say.
class Answer {
 public:
  explicit Answer(std::size_t longest) : bytes_{longest} {}

  /// False where it gets longer than it may, or is none.
  [[nodiscard]] bool add(std::string_view data) {
    while (!data.empty()) {
      auto byte = static_cast<std::uint8_t>(data[0]);
      std::size_t size = 1;
      if (data[0] == '%') {
        const auto high = data.size() >= 3 ? digit(data[1]) : std::nullopt;
        const auto low = data.size() >= 3 ? digit(data[2]) : std::nullopt;
        if (!high || !low) return false;
        byte = static_cast<std::uint8_t>(*high << 4U | *low);
        size = 3;
      }
      if (size_ == bytes_.size()) return false;
      bytes_.span()[size_++] = byte;
      data.remove_prefix(size);
    }
    return true;
  }
  [[nodiscard]] SecretBytes bytes() const { return SecretBytes::copy_of(bytes_.view().first(size_)); }

 private:
  SecretBytes bytes_;
  std::size_t size_ = 0;
};

/// The answer to what was sent, up to its OK or ERR.
StoreResult<void> read_answer(Pinentry& pinentry, Answer& answer) {
  for (;;) {
    const auto line = pinentry.line();
    if (!line) return std::unexpected{broken()};
    if (*line == "OK" || line->starts_with("OK ")) return {};
    if (line->starts_with("D ")) {
      if (!answer.add(line->substr(2))) {
        return std::unexpected{failed("The passphrase is longer than 1024 bytes: take a shorter one.")};
      }
    } else if (line->starts_with("ERR ")) {
      unsigned code = 0;
      const auto number = line->substr(4);
      std::from_chars(number.data(), number.data() + number.size(), code);
      code &= kErrorCodes;
      if (code == kCanceled || code == kFullyCanceled) {
        return std::unexpected{
            failed("No passphrase was given, so the keystore stays closed: start again and type it.")};
      }
      return std::unexpected{broken()};
    } else if (!line->starts_with("S ") && !line->starts_with("#")) {
      // INQUIRE comes for dialogs that we do not ask for.
      return std::unexpected{broken()};
    }
  }
}

/// Sends a command whose answer has no data; whether it was understood does not matter.
[[nodiscard]] bool tell(Pinentry& pinentry, const std::string& command) {
  if (!pinentry.send(command + "\n")) return false;
  for (;;) {
    const auto line = pinentry.line();
    if (!line) return false;
    if (*line == "OK" || line->starts_with("OK ") || line->starts_with("ERR ")) return true;
  }
}

/// The terminal that a dialog in text mode is to use.
std::string terminal_name() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    std::array<char, 128> name{};
    if (::ttyname_r(descriptor, name.data(), name.size()) == 0) return name.data();
  }
  const char* const named = std::getenv("GPG_TTY");
  return named != nullptr ? named : "";
}

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

std::optional<StoreResult<SecretBytes>> ask_pinentry(const PinentryTexts& texts, std::size_t longest) {
  const char* const named = std::getenv("FAUXKEY_PINENTRY");
  Pinentry pinentry{named != nullptr ? named : "pinentry"};
  if (!pinentry.started()) return std::nullopt;
  const auto answer_of = [&]() -> StoreResult<SecretBytes> {
    Answer none{1};
    if (auto greeted = read_answer(pinentry, none); !greeted) return std::unexpected{greeted.error()};
    std::vector<std::string> commands{"OPTION no-grab"};
    if (const auto terminal = terminal_name(); !terminal.empty()) {
      commands.push_back("OPTION ttyname=" + escaped(terminal));
      if (const auto type = variable("TERM"); !type.empty())
        commands.push_back("OPTION ttytype=" + escaped(type));
    }
    commands.emplace_back("OPTION lc-ctype=C.UTF-8");
    commands.emplace_back("SETTITLE fauxkey");
    commands.push_back("SETDESC " + escaped(texts.description));
    commands.push_back("SETPROMPT " + escaped(texts.prompt));
    if (!texts.error.empty()) commands.push_back("SETERROR " + escaped(texts.error));
    for (const auto& command : commands) {
      if (!tell(pinentry, command)) return std::unexpected{broken()};
    }
    if (!pinentry.send("GETPIN\n")) return std::unexpected{broken()};
    Answer answer{longest};
    if (auto read = read_answer(pinentry, answer); !read) return std::unexpected{read.error()};
    static_cast<void>(pinentry.send("BYE\n"));
    return answer.bytes();
  };
  return answer_of();
}

}  // namespace fauxkey::keystore
