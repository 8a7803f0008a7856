// Puts the questions of all keys before a person, one after the other, each in the first way that is there.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "user/way.h"

namespace fauxkey::user {

class Prompter {
 public:
  /// In this order.
  explicit Prompter(std::vector<std::unique_ptr<Way>> ways);

  /// How a question that came now would be asked; nullptr: in no way.
  [[nodiscard]] const Way* first_way() const;
  /// What is in the way of all of them: "notification (…), terminal (…)".
  [[nodiscard]] std::string obstacles() const;

  /// Blocks until there is an answer, `stop` is requested or the deadline has come. Where nobody can be asked
  /// the question waits for its end, for it may be answered elsewhere, and the log says so once.
  [[nodiscard]] UserAnswer ask(std::string_view key, const Prompt& prompt, Clock& clock,
                               const std::stop_token& stop, Clock::TimePoint deadline);

 private:
  class Turn;
  [[nodiscard]] std::optional<UserAnswer> ask_in_some_way(const Question& question);
  void tell_that_nobody_can_answer();

  const std::vector<std::unique_ptr<Way>> ways_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<const Question*> queue_;  ///< the first is the one that is asked
  const Way* last_ = nullptr;          ///< that a question was answered in
  bool warned_ = false;
};

/// The user of one key, as the prompter asks them.
class PersonGate final : public UserGate {
 public:
  /// Prompter and clock outlive the gate.
  PersonGate(Prompter& prompter, std::string key, Clock& clock)
      : prompter_{prompter}, key_{std::move(key)}, clock_{clock} {}

  [[nodiscard]] UserAnswer confirm_presence(const Prompt& prompt, std::stop_token stop,
                                            Clock::TimePoint deadline) override {
    return prompter_.ask(key_, prompt, clock_, stop, deadline);
  }

 private:
  Prompter& prompter_;
  const std::string key_;
  Clock& clock_;
};

}  // namespace fauxkey::user
