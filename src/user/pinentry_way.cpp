#include "user/pinentry_way.h"

#include <poll.h>
#include <termios.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <utility>

#include "base/environment.h"
#include "base/pinentry.h"
#include "base/stop_event.h"
#include "user/prompt_text.h"
#include "user/tty.h"

namespace fauxkey::user {
namespace {

using namespace std::chrono_literals;
using Outcome = PinentryReply::Outcome;
using Steady = std::chrono::steady_clock;

/// A dialog cannot be changed, only replaced, which is for what matters and not more often than so.
constexpr auto kBetweenDialogs = 3s;

/// When a time that is left now will be over, as a clock on the wall shows it.
std::string wall_time_in(Clock::Duration left) {
  const auto then = std::time(nullptr) + std::chrono::ceil<std::chrono::seconds>(left).count();
  std::tm parts{};
  localtime_r(&then, &parts);
  std::array<char, 16> text{};
  std::strftime(text.data(), text.size(), "%H:%M:%S", &parts);
  return text.data();
}

/// The first line has nothing in it that a host has chosen: by that line some dialogs guess whether they are
/// given HTML.
std::string description(const Question& question, Clock::Duration left, std::size_t others) {
  return "A request to your security key.\n" + key_line(question.key) + "\n\n" +
         user::question(question.prompt) + "\n\n" + time_left(left, others) + " (until " +
         wall_time_in(left) + ")";
}

/// The terminal on which a dialog in text mode appears. Its mode is as before at the end, also where the
/// dialog had to be killed.
class Stage {
 public:
  explicit Stage(PinentryWay::Surface surface) {
    if (surface == PinentryWay::Surface::display) return;
    name_ = terminal_for_pinentry();
    if (name_.empty()) return;
    terminal_ = FileDescriptor{::open(name_.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
    has_mode_ = terminal_ && ::tcgetattr(terminal_.get(), &mode_) == 0;
    // A terminal that is not our own tells no process group, and has no job control over us.
    const auto foreground = ::tcgetpgrp(terminal_.get());
    if (!has_mode_ || (foreground >= 0 && foreground != ::getpgrp())) name_.clear();
  }
  ~Stage() {
    if (!name_.empty() && has_mode_) ::tcsetattr(terminal_.get(), TCSANOW, &mode_);
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// Empty: there is none.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// What was typed before the dialog stood there answers something else.
  void discard_typed_ahead() const {
    if (!name_.empty()) ::tcflush(terminal_.get(), TCIFLUSH);
  }

 private:
  const JobControlSignalsBlocked blocked_;
  std::string name_;
  FileDescriptor terminal_;
  termios mode_{};
  bool has_mode_ = false;
};

}  // namespace

PinentryWay::PinentryWay(std::string program, Surface surface)
    : program_{std::move(program)}, surface_{surface} {}

std::optional<std::string> PinentryWay::obstacle() {
  if (!is_program(program_)) return "there is no program " + program_;
  if (has_display() || !Stage{surface_}.name().empty()) return {};
  return surface_ == Surface::display ? "there is no display"
                                      : "there is neither a display nor a terminal in whose foreground it is";
}

std::optional<UserAnswer> PinentryWay::ask(const Question& question) {
  const StopEvent stopped{question.stop};
  const Stage stage{surface_};
  if (!has_display() && stage.name().empty()) return {};
  for (;;) {
    const auto left = question.deadline - question.clock.now();
    if (left <= Clock::Duration::zero()) return UserAnswer::timed_out;
    const auto others = question.others();
    const auto shown_at = Steady::now();
    const auto over = [&] {
      return question.stop.stop_requested() || question.clock.now() >= question.deadline ||
             (question.others() != others && Steady::now() - shown_at >= kBetweenDialogs);
    };
    Pinentry pinentry{
        program_, [&](int answer) {
          while (!over()) {
            std::array<pollfd, 2> polled{{{answer, POLLIN, 0}, {stopped.descriptor(), POLLIN, 0}}};
            const auto rest = std::max(question.deadline - question.clock.now(), 0us);
            const auto tick = std::min(kTick, std::chrono::ceil<std::chrono::milliseconds>(rest));
            ::poll(polled.data(), polled.size(), static_cast<int>(tick.count()));
            if (polled[0].revents != 0) return true;
          }
          return false;
        }};
    if (!pinentry.started()) return {};
    // A second more, so that it is we who say when the time is over.
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count() + 1;
    auto reply = pinentry.prepare({.description = description(question, left, others),
                                   .prompt = {},
                                   .error = {},
                                   .approve = "Approve",
                                   .refuse = "Deny",
                                   .seconds = static_cast<std::uint32_t>(seconds),
                                   .terminal = stage.name()});
    stage.discard_typed_ahead();
    if (reply.outcome == Outcome::ok) reply = pinentry.ask("CONFIRM");
    switch (reply.outcome) {
      case Outcome::ok:
        return UserAnswer::approved;
      case Outcome::cancelled:
        return UserAnswer::denied;
      case Outcome::timed_out:
        return UserAnswer::timed_out;
      case Outcome::given_up:
        if (question.stop.stop_requested()) return UserAnswer::cancelled;
        break;  // its time is over, or it is shown anew
      default:
        return {};
    }
  }
}

}  // namespace fauxkey::user
