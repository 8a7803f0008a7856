// A way to a person: where a question is shown, and answered.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "fauxkey/clock.h"
#include "fauxkey/user_gate.h"

namespace fauxkey::user {

/// What is shown, and until when.
struct Question {
  const Prompt& prompt;
  std::string_view key;  ///< who asks: the key's name
  Clock& clock;
  std::stop_token stop;  ///< the host has cancelled, or an answer came from elsewhere
  Clock::TimePoint deadline;
  std::function<std::size_t()> others;  ///< how many questions wait for this one to end
};

/// While a question waits, how often its time and what else is shown of it are looked at.
inline constexpr std::chrono::milliseconds kTick{1000};

class Way {
 public:
  virtual ~Way() = default;
  Way(const Way&) = delete;
  Way& operator=(const Way&) = delete;

  /// As `--prompt` names it.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Behind "Requests are asked about ".
  [[nodiscard]] virtual std::string_view phrase() const = 0;
  /// What is in the way of asking now, a part of a sentence; nothing where nothing is.
  [[nodiscard]] virtual std::optional<std::string> obstacle() = 0;
  /// Asks on the calling thread, one question at a time; nothing where it cannot, or no longer can.
  [[nodiscard]] virtual std::optional<UserAnswer> ask(const Question& question) = 0;

 protected:
  Way() = default;
};

}  // namespace fauxkey::user
