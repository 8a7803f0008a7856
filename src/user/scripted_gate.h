// A user whom a test directs: who answers by a rule that may change at any time, or by what was said of the
// next question.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "fauxkey/user_gate.h"
#include "user/prompt_board.h"

namespace fauxkey::user {

/// How questions are answered.
enum class Presence : std::uint8_t {
  approve,  ///< at once
  deny,     ///< at once
  never,    ///< not at all, until the time is over or the host cancels
  ask,      ///< by whoever answers on the board, or at the key's own gate where it has one
};

/// What built-in user verification comes to, where the question is answered.
enum class Verified : std::uint8_t {
  yes,
  no,       ///< the wrong person, which costs the key one of its tries
  refused,  ///< nobody: the request is denied, and no try is lost
};

struct Behaviour {
  Presence presence = Presence::approve;
  /// Before an answer that is given at once; by the key's clock.
  std::chrono::milliseconds delay{0};
  Verified verified = Verified::yes;
  /// What a fingerprint sensor sees.
  std::uint32_t finger = 1;
  SampleStatus sample = SampleStatus::good;
  /// The key has a display, and this is the account that is chosen on it; one that is not among those shown:
  /// none. Nothing: no display.
  std::optional<AccountName> account;
};

class ScriptedGate final : public UserGate {
 public:
  /// `own`: asks as well as the board; may be nothing. Clock and board outlive the gate.
  ScriptedGate(std::string key, Clock& clock, PromptBoard& board, Behaviour behaviour,
               std::unique_ptr<UserGate> own = nullptr);

  [[nodiscard]] Behaviour behaviour() const;
  /// A question that is waiting for its delay, or for ever, is answered anew.
  void set(const Behaviour& behaviour);
  /// For one question each, in this order, before the behaviour counts again.
  static constexpr std::size_t kMaxNext = 1000;
  /// False where there are too many.
  bool push_next(const Behaviour& behaviour);
  [[nodiscard]] std::size_t next_count() const;
  void clear_next();

  [[nodiscard]] UserAnswer confirm_presence(const Prompt& prompt, std::stop_token stop,
                                            Clock::TimePoint deadline) override;
  [[nodiscard]] UserAnswer verify_user(const Prompt& prompt, std::stop_token stop,
                                       Clock::TimePoint deadline) override;
  [[nodiscard]] FingerScan scan_finger(const Prompt& prompt, std::stop_token stop,
                                       Clock::TimePoint deadline) override;
  [[nodiscard]] bool has_display() const override;
  [[nodiscard]] AccountChoice choose_account(const Prompt& prompt, std::stop_token stop,
                                             Clock::TimePoint deadline) override;

 private:
  [[nodiscard]] Reply answer(const Prompt& prompt, QuestionKind question, const std::stop_token& stop,
                             Clock::TimePoint deadline);
  [[nodiscard]] Reply ask(const Prompt& prompt, QuestionKind question, const std::stop_token& stop,
                          Clock::TimePoint deadline);

  const std::string key_;
  Clock& clock_;
  PromptBoard& board_;
  const std::unique_ptr<UserGate> own_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t changes_ = 0;
  Behaviour behaviour_;
  std::deque<Behaviour> next_;
};

}  // namespace fauxkey::user
