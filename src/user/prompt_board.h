// The questions that wait for an answer from elsewhere: a test, the inspector, `fauxkey approve`.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fauxkey/clock.h"
#include "fauxkey/user_gate.h"

namespace fauxkey::user {

/// What kind of answer is wanted.
enum class QuestionKind : std::uint8_t { presence, verification, finger, account };

/// An account as a test names it: by the user's name, or by the user handle.
struct AccountName {
  std::string text;
  Bytes user_handle;  ///< the text's bytes, where it may be one; else empty
};

/// An answer to any kind of question.
struct Reply {
  FingerScan scan;
  std::optional<AccountName> account{};  ///< which one is chosen on the key's display
};

class PromptBoard {
 public:
  using Id = std::uint64_t;
  struct Entry {
    Id id = 0;
    std::string key;
    Prompt prompt;
    QuestionKind question{};
    Clock::Duration left{};  ///< by the key's clock
  };
  /// Told what comes and goes; quick, and calls nothing of the board.
  struct Observer {
    std::function<void(const Entry&)> asked;
    std::function<void(const Entry&, UserAnswer)> answered;
  };

  explicit PromptBoard(Observer observer = {}) : observer_{std::move(observer)} {}

  /// Shows the question until it is answered, `stop` is requested or its deadline has come. `elsewhere`,
  /// where there is one, asks too, on the calling thread, until its token is stopped: the first answer
  /// counts.
  using Elsewhere = std::function<Reply(std::stop_token)>;
  [[nodiscard]] Reply ask(const std::string& key, const Prompt& prompt, QuestionKind question, Clock& clock,
                          const std::stop_token& stop, Clock::TimePoint deadline,
                          const Elsewhere& elsewhere = {});

  /// Of this key, or of all where none is named; the oldest first.
  [[nodiscard]] std::vector<Entry> pending(const std::optional<std::string>& key = std::nullopt) const;
  /// The same, once there is one, `stopped()` holds, or the time is over. `wake` makes it look again.
  [[nodiscard]] std::vector<Entry> wait(const std::optional<std::string>& key,
                                        std::chrono::milliseconds limit,
                                        const std::function<bool()>& stopped) const;
  void wake() const { changed_.notify_all(); }
  /// False where the question is answered, or has never been.
  bool answer(Id id, const Reply& answer);

 private:
  struct Pending {
    Entry entry;
    Clock* clock = nullptr;
    Clock::TimePoint deadline;
    std::optional<Reply> answer;
    std::stop_source over;  ///< an answer has come, or the host has cancelled
  };

  Observer observer_;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  Id last_ = 0;
  std::vector<std::shared_ptr<Pending>> pending_;
};

}  // namespace fauxkey::user
