// Asks at the terminal that the daemon was started from.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include "fauxkey/clock.h"
#include "fauxkey/user_gate.h"

namespace fauxkey::user {

/// The question in words, without a line end: "Log in at example.com as alice?". Names are escaped and
/// shortened.
[[nodiscard]] std::string question(const Prompt& prompt);

class TerminalGate final : public UserGate {
 public:
  /// On /dev/tty, opened anew for each question. Where there is none, nobody can answer: a question then
  /// waits for its end, and the log says so once. `clock` gives the time left; it outlives the gate.
  explicit TerminalGate(Clock& clock);
  /// On these, which are closed with the gate and made non-blocking. They need not be terminals: then a line
  /// "y" or "n" is the answer, and there is no countdown.
  TerminalGate(Clock& clock, int input, int output);
  ~TerminalGate() override;

  [[nodiscard]] UserAnswer confirm_presence(const Prompt& prompt, std::stop_token stop,
                                            Clock::TimePoint deadline) override;

 private:
  /// Nothing where there is no terminal, or it has gone.
  [[nodiscard]] std::optional<UserAnswer> ask(const Prompt& prompt, const std::stop_token& stop,
                                              Clock::TimePoint deadline);
  [[nodiscard]] UserAnswer wait_unanswered(const std::stop_token& stop, Clock::TimePoint deadline);

  Clock& clock_;
  const int input_ = -1;
  const int output_ = -1;

  // One question at a time; keys that share the gate take turns.
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool asking_ = false;
  bool warned_ = false;
};

}  // namespace fauxkey::user
