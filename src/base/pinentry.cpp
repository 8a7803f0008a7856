#include "base/pinentry.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "base/wiping.h"

namespace fauxkey {
namespace {

using Outcome = PinentryReply::Outcome;

/// Assuan's longest line, with its end.
constexpr std::size_t kMaxLine = 1002;
/// libgpg-error's codes, the low 16 bits of an error.
constexpr unsigned kErrorCodes = 0xffff;
constexpr unsigned kTimeout = 62;
constexpr unsigned kCanceled = 99;
constexpr unsigned kNotConfirmed = 114;
constexpr unsigned kFullyCanceled = 198;

Outcome outcome_of_error(std::string_view number) {
  unsigned code = 0;
  std::from_chars(number.data(), number.data() + number.size(), code);
  switch (code & kErrorCodes) {
    case kTimeout:
      return Outcome::timed_out;
    case kCanceled:
    case kNotConfirmed:
    case kFullyCanceled:
      return Outcome::cancelled;
    default:
      return Outcome::refused;
  }
}

/// An argument as Assuan takes it: no line ends, and "%" for itself only. What a line has no room for is left
/// out.
std::string argument(std::string_view text) {
  constexpr std::size_t kLongest = 900;
  std::string out;
  while (!text.empty()) {
    // A character with its continuation bytes, so that none is cut in two.
    std::size_t size = 1;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) ++size;
    std::string piece{text.substr(0, size)};
    if (piece == "%") piece = "%25";
    if (piece == "\n") piece = "%0A";
    if (piece == "\r") piece = "%0D";
    if (out.size() + piece.size() > kLongest) break;
    out += piece;
    text.remove_prefix(size);
  }
  return out;
}

std::optional<std::uint8_t> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

/// What the data lines of a reply say.
class Data {
 public:
  explicit Data(std::size_t longest) : bytes_{longest} {}

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

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// With `theirs` as standard input and output, and no signal blocked. -1 where there is no such program.
pid_t start(const std::string& program, int theirs) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, theirs, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, theirs, STDOUT_FILENO);
  // Toolkits have much to say there that is not for whoever reads the dialog.
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
  pid_t child = -1;
  if (::posix_spawnp(&child, program.c_str(), &actions, &attributes, arguments.data(), environ) != 0)
    child = -1;
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return child;
}

}  // namespace

Pinentry::Pinentry(const std::string& program, Wait wait) : wait_{std::move(wait)}, buffer_{kMaxLine} {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
  own_ = FileDescriptor{ends[0]};
  const FileDescriptor theirs{ends[1]};
  child_ = start(program, theirs.get());
}

Pinentry::~Pinentry() {
  own_.reset();  // the end of its input is the end of it, unless it shows a dialog
  if (child_ < 0) return;
  if (given_up_) ::kill(child_, SIGTERM);
  ::kill(child_, SIGCONT);  // a dialog at a terminal of whose foreground it is no part has been stopped
  constexpr int kPatience = 100;
  for (int i = 0; i < kPatience; ++i) {
    if (::waitpid(child_, nullptr, WNOHANG) != 0) return;
    ::poll(nullptr, 0, 20);
  }
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

PinentryReply Pinentry::prepare(const PinentryDialog& dialog) {
  auto reply = read_reply(0);  // its greeting
  if (reply.outcome != Outcome::ok) return reply;
  std::vector<std::string> commands{"OPTION no-grab", "OPTION lc-ctype=C.UTF-8", "SETTITLE fauxkey"};
  const auto say = [&](const char* command, const std::string& text) {
    if (!text.empty()) commands.push_back(command + argument(text));
  };
  say("OPTION ttyname=", dialog.terminal);
  if (!dialog.terminal.empty()) say("OPTION ttytype=", variable("TERM"));
  say("OPTION display=", variable("DISPLAY"));
  say("SETDESC ", dialog.description);
  say("SETPROMPT ", dialog.prompt);
  say("SETERROR ", dialog.error);
  say("SETOK ", dialog.approve);
  say("SETCANCEL ", dialog.refuse);
  if (dialog.seconds) commands.push_back("SETTIMEOUT " + std::to_string(*dialog.seconds));
  for (const auto& command : commands) {
    reply = ask(command);
    // Some know less than others.
    if (reply.outcome == Outcome::broken || reply.outcome == Outcome::given_up) return reply;
  }
  return {.outcome = Outcome::ok};
}

PinentryReply Pinentry::ask(std::string_view command, std::size_t longest) {
  if (!send(std::string{command} + "\n")) return {.outcome = Outcome::broken};
  return read_reply(longest);
}

PinentryReply Pinentry::read_reply(std::size_t longest) {
  Data data{longest};
  for (;;) {
    const auto read = line();
    if (!read) return {.outcome = given_up_ ? Outcome::given_up : Outcome::broken};
    if (*read == "OK" || read->starts_with("OK "))
      return {.outcome = Outcome::ok, .data = longest > 0 ? data.bytes() : SecretBytes{}};
    if (read->starts_with("D ")) {
      if (!data.add(read->substr(2))) return {.outcome = Outcome::too_long};
    } else if (read->starts_with("ERR ")) {
      return {.outcome = outcome_of_error(read->substr(4))};
    } else if (!read->starts_with("S ") && !read->starts_with("#")) {
      // INQUIRE comes for dialogs that we do not ask for.
      return {.outcome = Outcome::broken};
    }
  }
}

bool Pinentry::send(std::string_view text) const {
  while (!text.empty()) {
    // All that is said before a dialog fits into the socket's buffer, so nobody has to read for us to go on.
    const ssize_t done = ::send(own_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

bool Pinentry::wait() const {
  if (wait_) return wait_(own_.get());
  pollfd readable{own_.get(), POLLIN, 0};
  while (::poll(&readable, 1, -1) < 0 && errno == EINTR) continue;
  return true;
}

std::optional<std::string_view> Pinentry::line() {
  std::memmove(buffer_.data(), buffer_.data() + std::exchange(begin_, 0), size_);
  for (std::size_t looked = 0;;) {
    const auto text = text_of(buffer_.view().first(size_));
    if (const auto at = text.find('\n', looked); at != std::string_view::npos) {
      begin_ = at + 1;
      size_ -= begin_;
      return text.substr(0, at);
    }
    looked = size_;
    if (size_ == buffer_.size()) return std::nullopt;
    if (!wait()) {
      given_up_ = true;
      return std::nullopt;
    }
    const ssize_t got = ::read(own_.get(), buffer_.data() + size_, buffer_.size() - size_);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    size_ += static_cast<std::size_t>(got);
  }
}

std::string pinentry_program() {
  const auto named = variable("FAUXKEY_PINENTRY");
  return named.empty() ? "pinentry" : named;
}

bool is_program(const std::string& name) {
  const auto can_run = [](const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) return can_run(name);
  const auto folders = variable("PATH");
  std::string_view rest = folders;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(':'), rest.size());
    if (can_run(std::string{rest.substr(0, end)} + "/" + name)) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

std::string terminal_for_pinentry() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    std::array<char, 128> name{};
    if (::ttyname_r(descriptor, name.data(), name.size()) == 0) return name.data();
  }
  return variable("GPG_TTY");
}

}  // namespace fauxkey
