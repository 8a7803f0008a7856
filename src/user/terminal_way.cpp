#include "user/terminal_way.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/stop_event.h"
#include "user/prompt_text.h"
#include "user/tty.h"

namespace fauxkey::user {
namespace {

using std::chrono::milliseconds;

const char* verdict(UserAnswer answer) {
  switch (answer) {
    case UserAnswer::approved:
      return "Approved.";
    case UserAnswer::denied:
      return "Refused.";
    case UserAnswer::not_verified:
      return "Not verified.";
    case UserAnswer::timed_out:
      return "Not answered in time.";
    case UserAnswer::cancelled:
      return "Cancelled.";
  }
  return "";
}

/// One question on the screen, from its first character to the terminal's restored mode.
class Screen {
 public:
  Screen(int input, int output, bool controlling)
      : input_{input}, output_{output}, controlling_{controlling}, interactive_{isatty(input) == 1} {}
  ~Screen() {
    if (saved_mode_) tcsetattr(input_, TCSADRAIN, &*saved_mode_);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// Nothing where the terminal has gone.
  std::optional<UserAnswer> ask(const Question& question, int stopped) {
    discard_typed_ahead();
    write("\nfauxkey: " + user::question(question.prompt) + " (" + key_line(question.key) + ")\n");
    bool hint_shown = false;
    while (true) {
      const auto left = question.deadline - question.clock.now();
      if (left <= Clock::Duration::zero()) return UserAnswer::timed_out;
      const bool foreground = !controlling_ || in_foreground(input_);
      if (foreground) take_single_keys();
      if (interactive_ || !hint_shown) show_hint(time_left(left, question.others()), foreground);
      hint_shown = true;

      std::array<pollfd, 2> polled{{{stopped, POLLIN, 0}, {foreground ? input_ : -1, POLLIN, 0}}};
      const auto until_deadline = std::chrono::ceil<milliseconds>(left);
      const auto wait = interactive_ ? std::min(kTick, until_deadline) : until_deadline;
      const auto timeout = std::min<milliseconds::rep>(wait.count(), std::numeric_limits<int>::max());
      if (::poll(polled.data(), polled.size(), static_cast<int>(timeout)) < 0 && errno != EINTR) return {};
      if ((polled[0].revents & POLLIN) != 0) return UserAnswer::cancelled;
      if (polled[1].revents == 0) continue;
      std::array<char, 256> typed{};
      const auto size = ::read(input_, typed.data(), typed.size());
      if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) return {};
      if (size < 0) continue;
      if (const auto answer = answer_in({typed.data(), static_cast<std::size_t>(size)})) return answer;
    }
  }

  void show_verdict(UserAnswer answer) {
    write(std::string{interactive_ ? "\r\x1b[K  " : "  "} + verdict(answer) + "\n");
  }

 private:
  /// A single key, or a line of it. Pasted text and escape sequences, which come in one piece, are no answer.
  static std::optional<UserAnswer> answer_in(std::string_view typed) {
    if (!typed.empty() && (typed.back() == '\n' || typed.back() == '\r')) typed.remove_suffix(1);
    if (typed == "y" || typed == "Y") return UserAnswer::approved;
    if (typed == "n" || typed == "N") return UserAnswer::denied;
    return {};
  }

  /// What was typed before the question stood there answers something else.
  void discard_typed_ahead() {
    if (interactive_) {
      tcflush(input_, TCIFLUSH);
      return;
    }
    std::array<char, 256> stale{};
    while (::read(input_, stale.data(), stale.size()) > 0) continue;
  }

  /// Single keys, not echoed; Ctrl-C and Ctrl-Z stay what they are.
  void take_single_keys() {
    if (!interactive_ || saved_mode_) return;
    termios mode{};
    if (tcgetattr(input_, &mode) != 0) return;
    saved_mode_ = mode;
    mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    tcsetattr(input_, TCSANOW, &mode);
    // A line begun before the change of mode counts as typed ahead.
    tcflush(input_, TCIFLUSH);
  }

  void show_hint(const std::string& left, bool foreground) {
    const std::string hint = foreground ? "  Press y to approve, n to refuse (" + left + ") "
                                        : "  Bring fauxkey to the foreground (fg) to answer (" + left + ") ";
    write(interactive_ ? "\r\x1b[K" + hint : hint + "\n");
  }

  /// What a stopped (Ctrl-S) or vanished terminal does not take is left out: a question never hangs in a
  /// write.
  void write(const std::string& text) {
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto written = ::write(output_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  int input_;
  int output_;
  bool controlling_;
  bool interactive_;
  std::optional<termios> saved_mode_;
};

void make_non_blocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
    throw std::system_error{errno, std::generic_category(), "The terminal cannot be used"};
}

}  // namespace

TerminalWay::TerminalWay(int input, int output) : input_{input}, output_{output} {
  make_non_blocking(input);
  make_non_blocking(output);
}

std::optional<std::string> TerminalWay::obstacle() {
  if (input_ || open_terminal()) return {};
  return "fauxkey was started from no terminal";
}

std::optional<UserAnswer> TerminalWay::ask(const Question& question) {
  const bool controlling = !input_;
  const auto own = controlling ? open_terminal() : FileDescriptor{};
  if (controlling && !own) return {};

  const JobControlSignalsBlocked blocked;
  const StopEvent stopped{question.stop};
  Screen screen{controlling ? own.get() : input_.get(), controlling ? own.get() : output_.get(), controlling};
  const auto answer = screen.ask(question, stopped.descriptor());
  if (answer) screen.show_verdict(*answer);
  return answer;
}

}  // namespace fauxkey::user
