// User presence as U2F wants it: a request does not wait for the user but is answered "conditions not
// satisfied" until the touch has come, and is sent again and again by the client meanwhile (FIDO U2F Raw
// Message Formats 1.2, 4.1 and 5.1).
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "authenticator/authenticator.h"

namespace fauxkey::u2f {

class Presence {
 public:
  explicit Presence(Authenticator& key) : key_{key} {}
  ~Presence() { forget(); }
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;

  /// True once the user has approved this operation for this application; that consent is used up by it.
  /// Opens the prompt at the first call, waits a moment for its answer, and leaves it open for the calls to
  /// come.
  [[nodiscard]] bool given(Operation operation, const RpIdHash& application, const Exchange& exchange);
  /// Takes back an open prompt.
  void forget();

 private:
  struct Question {
    Operation operation{};
    RpIdHash application{};
    friend bool operator==(const Question&, const Question&) = default;
  };
  void ask(const Question& question);

  Authenticator& key_;
  std::mutex mutex_;
  std::condition_variable_any answered_;
  std::optional<Question> asked_;
  std::optional<bool> approved_;
  Clock::TimePoint answered_at_;
  std::jthread asking_;
};

}  // namespace fauxkey::u2f
