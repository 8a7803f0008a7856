#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/interrupt.h"
#include "keystore/files.h"
#include "keystore/unlock_secret.h"

namespace fauxkey::keystore {
namespace {

/// Echo, line editing and signals off; as before at its end.
class Unseen {
 public:
  explicit Unseen(int terminal) : terminal_{terminal} {
    if (::tcgetattr(terminal, &before_) != 0) return;
    termios quiet = before_;
    // Without ISIG, Ctrl-C and Ctrl-Z arrive as bytes, so that nobody is left without an echo.
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    ended_.emplace(terminal, before_);
    // FLUSH: what was typed before the prompt was not meant for it.
    active_ = ::tcsetattr(terminal, TCSAFLUSH, &quiet) == 0;
  }
  ~Unseen() {
    if (active_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  [[nodiscard]] bool active() const { return active_; }

 private:
  int terminal_;
  termios before_{};
  std::optional<interrupt::TerminalMode> ended_;
  bool active_ = false;
};

bool write(const File& terminal, const std::string& text) {
  return terminal.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

/// Takes the last character away, which may be several bytes of UTF-8.
std::size_t without_last(const SecretBytes& line, std::size_t size) {
  constexpr auto is_continuation = [](std::uint8_t byte) { return (byte & 0xc0U) == 0x80U; };
  if (size > 0) --size;
  while (size > 0 && is_continuation(line.view()[size])) --size;
  return size;
}

constexpr std::uint8_t kCtrlC = 3;
constexpr std::uint8_t kCtrlD = 4;
constexpr std::uint8_t kBackspace = 8;
constexpr std::uint8_t kCtrlU = 21;
constexpr std::uint8_t kDelete = 127;

}  // namespace

bool has_terminal() { return File{::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)}.valid(); }

StoreResult<SecretBytes> ask_terminal(const std::string& prompt) {
  const auto fail = [](const char* sentence) {
    return std::unexpected{StoreError{StoreError::Kind::io, sentence}};
  };
  const char* const no_terminal =
      "There is no terminal to ask for the passphrase: start fauxkey in one, or choose another --unlock "
      "source "
      "(keyfile:FILE, env:NAME, fd:N, credential:NAME).";
  const File terminal{::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)};
  if (!terminal.valid()) return fail(no_terminal);
  const Unseen unseen{terminal.descriptor()};
  if (!unseen.active() || !write(terminal, prompt)) return fail(no_terminal);

  SecretBytes line{kMaxPassphrase + 1};
  std::size_t size = 0;
  SecretBytes byte{1};
  for (;;) {
    const ssize_t got = ::read(terminal.descriptor(), byte.data(), 1);
    if (got < 0 && errno == EINTR) continue;
    const std::uint8_t typed = got == 1 ? *byte.data() : kCtrlD;
    if (typed == '\n' || typed == '\r') break;
    if (typed == kCtrlC || typed == kCtrlD) {
      if (typed == kCtrlC) interrupt::end_as_by_control_c();
      static_cast<void>(write(terminal, "\n"));
      return fail("No passphrase was given, so the keystore stays closed: start again and type it.");
    }
    if (typed == kBackspace || typed == kDelete) {
      size = without_last(line, size);
    } else if (typed == kCtrlU) {
      size = 0;
    } else if (size < line.size()) {
      line.span()[size++] = typed;
    }
  }
  static_cast<void>(write(terminal, "\n"));
  return SecretBytes::copy_of(line.view().first(size));
}

}  // namespace fauxkey::keystore
