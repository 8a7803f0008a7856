#include "user/terminal_gate.h"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include "user/display_text.h"

namespace fauxkey::user {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// An RP ID is a domain, 253 characters at most; of names CTAP keeps 64 bytes (6.1.2). Both fit one line
// mostly.
constexpr std::size_t kMaxShownName = 64;
constexpr milliseconds kTick{1000};

struct Wording {
  Operation operation;
  const char* with_account;  ///< {rp} and {account} are replaced
  const char* without_account;
};
constexpr std::array kWordings{
    Wording{Operation::make_credential, "Register this key at {rp} as {account}?",
            "Register this key at {rp}?"},
    Wording{Operation::get_assertion, "Log in at {rp} as {account}?", "Log in at {rp}?"},
    Wording{Operation::already_registered, "This key is registered at {rp} already. Tell the site so?",
            "This key is registered at {rp} already. Tell the site so?"},
    Wording{Operation::reset, "ERASE THIS KEY, with all its credentials and its PIN?",
            "ERASE THIS KEY, with all its credentials and its PIN?"},
    Wording{Operation::selection, "Is this the key to use?", "Is this the key to use?"},
    Wording{Operation::verification, "Is it you, for {rp}?", "Is it you, for {rp}?"},
    Wording{Operation::enrollment, "Enroll a finger on this key: is it on the sensor?",
            "Enroll a finger on this key: is it on the sensor?"},
    Wording{Operation::reset_by_long_touch,
            "ERASE THIS KEY, with all its credentials and its PIN, by a long touch?",
            "ERASE THIS KEY, with all its credentials and its PIN, by a long touch?"},
    Wording{Operation::pin_probe, "Is this the key to use?", "Is this the key to use?"},
};

std::string replaced(std::string text, std::string_view name, const std::string& value) {
  if (const auto at = text.find(name); at != std::string::npos) text.replace(at, name.size(), value);
  return text;
}

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

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_{fd} {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

/// A job in the background that touches its terminal's modes is stopped by these, and the key with it.
class JobControlSignalsBlocked {
 public:
  JobControlSignalsBlocked() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTTIN);
    sigaddset(&signals, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~JobControlSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  JobControlSignalsBlocked(const JobControlSignalsBlocked&) = delete;
  JobControlSignalsBlocked& operator=(const JobControlSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

/// One question on the screen, from its first character to the terminal's restored mode.
class Question {
 public:
  Question(int input, int output, bool controlling)
      : input_{input}, output_{output}, controlling_{controlling}, interactive_{isatty(input) == 1} {}
  ~Question() {
    if (saved_mode_) tcsetattr(input_, TCSADRAIN, &*saved_mode_);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  /// Nothing where the terminal has gone.
  std::optional<UserAnswer> ask(const std::string& text, Clock& clock, int stopped,
                                Clock::TimePoint deadline) {
    discard_typed_ahead();
    write(text + "\n");
    bool hint_shown = false;
    while (true) {
      const auto left = deadline - clock.now();
      if (left <= Clock::Duration::zero()) return UserAnswer::timed_out;
      const bool foreground = in_foreground();
      if (foreground) take_single_keys();
      if (interactive_ || !hint_shown) show_hint(left, foreground);
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

  [[nodiscard]] bool in_foreground() const { return !controlling_ || tcgetpgrp(input_) == getpgrp(); }

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

  void show_hint(Clock::Duration left, bool foreground) {
    const auto whole_seconds = std::to_string(std::chrono::ceil<seconds>(left).count());
    const std::string hint =
        foreground ? "  Press y to approve, n to refuse (" + whole_seconds + " s left) "
                   : "  Bring fauxkey to the foreground (fg) to answer (" + whole_seconds + " s left) ";
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

std::string question(const Prompt& prompt) {
  const auto rp = prompt.rp_id.empty() ? "a site that did not give its name"
                                       : display_text(prompt.rp_id, kMaxShownName, Shorten::start);
  const auto account = display_text(prompt.account, kMaxShownName, Shorten::end);
  for (const auto& row : kWordings) {
    if (row.operation != prompt.operation) continue;
    const char* const wording = prompt.account.empty() ? row.without_account : row.with_account;
    // The account first: what it contains is not looked at again, as {rp} stands before it.
    return replaced(replaced(wording, "{account}", account), "{rp}", rp);
  }
  return "Approve?";
}

TerminalGate::TerminalGate(Clock& clock) : clock_{clock} {}

TerminalGate::TerminalGate(Clock& clock, int input, int output)
    : clock_{clock}, input_{input}, output_{output} {
  make_non_blocking(input_);
  make_non_blocking(output_);
}

TerminalGate::~TerminalGate() {
  if (input_ >= 0) ::close(input_);
  if (output_ >= 0 && output_ != input_) ::close(output_);
}

UserAnswer TerminalGate::confirm_presence(const Prompt& prompt, std::stop_token stop,
                                          Clock::TimePoint deadline) {
  {
    std::unique_lock lock{mutex_};
    const bool my_turn = clock_.wait(changed_, lock, stop, deadline, [&] { return !asking_; });
    if (stop.stop_requested()) return UserAnswer::cancelled;
    if (!my_turn) return UserAnswer::timed_out;
    asking_ = true;
  }
  const std::unique_ptr<TerminalGate, void (*)(TerminalGate*)> turn{
      this, [](TerminalGate* gate) {
        const std::scoped_lock lock{gate->mutex_};
        gate->asking_ = false;
        gate->changed_.notify_all();
      }};
  const auto answer = ask(prompt, stop, deadline);
  return answer ? *answer : wait_unanswered(stop, deadline);
}

std::optional<UserAnswer> TerminalGate::ask(const Prompt& prompt, const std::stop_token& stop,
                                            Clock::TimePoint deadline) {
  const bool controlling = input_ < 0;
  const Descriptor own{controlling ? ::open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1};
  const Descriptor stopped{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if ((controlling && own.get() < 0) || stopped.get() < 0) return {};

  const JobControlSignalsBlocked blocked;
  const std::stop_callback wake{stop, [&] {
                                  const std::uint64_t one = 1;
                                  [[maybe_unused]] const auto written =
                                      ::write(stopped.get(), &one, sizeof one);
                                }};
  Question shown{controlling ? own.get() : input_, controlling ? own.get() : output_, controlling};
  const auto answer = shown.ask("\nfauxkey: " + question(prompt), clock_, stopped.get(), deadline);
  if (answer) shown.show_verdict(*answer);
  return answer;
}

UserAnswer TerminalGate::wait_unanswered(const std::stop_token& stop, Clock::TimePoint deadline) {
  std::unique_lock lock{mutex_};
  if (!warned_) {
    warned_ = true;
    spdlog::warn(
        "A request waits for approval, but there is no terminal to ask at, so nobody can answer; start "
        "fauxkey in a "
        "terminal, or with --approve auto if whoever reaches the key may use it.");
  }
  clock_.wait(changed_, lock, stop, deadline, [] { return false; });
  return stop.stop_requested() ? UserAnswer::cancelled : UserAnswer::timed_out;
}

}  // namespace fauxkey::user
