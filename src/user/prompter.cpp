#include "user/prompter.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace fauxkey::user {

/// A place in the queue, from its end to its front.
class Prompter::Turn {
 public:
  Turn(Prompter& prompter, const Question& question) : prompter_{prompter}, question_{question} {
    const std::scoped_lock lock{prompter_.mutex_};
    prompter_.queue_.push_back(&question_);
  }
  ~Turn() {
    {
      const std::scoped_lock lock{prompter_.mutex_};
      std::erase(prompter_.queue_, &question_);
    }
    prompter_.changed_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  /// False where the question ended before.
  [[nodiscard]] bool wait() const {
    std::unique_lock lock{prompter_.mutex_};
    return question_.clock.wait(prompter_.changed_, lock, question_.stop, question_.deadline,
                                [&] { return prompter_.queue_.front() == &question_; });
  }

 private:
  Prompter& prompter_;
  const Question& question_;
};

Prompter::Prompter(std::vector<std::unique_ptr<Way>> ways) : ways_{std::move(ways)} {}

const Way* Prompter::first_way() const {
  const auto free = std::ranges::find_if(ways_, [](const auto& way) { return !way->obstacle(); });
  return free == ways_.end() ? nullptr : free->get();
}

std::string Prompter::obstacles() const {
  std::string text;
  for (const auto& way : ways_) {
    const auto obstacle = way->obstacle();
    if (!obstacle) continue;
    text += (text.empty() ? "" : "; ") + std::string{way->name()} + ": " + *obstacle;
  }
  return text;
}

UserAnswer Prompter::ask(std::string_view key, const Prompt& prompt, Clock& clock,
                         const std::stop_token& stop, Clock::TimePoint deadline) {
  const Question question{
      .prompt = prompt, .key = key, .clock = clock, .stop = stop, .deadline = deadline, .others = [this] {
        const std::scoped_lock lock{mutex_};
        return queue_.size() - 1;
      }};
  if (const auto answer = ask_in_some_way(question)) return *answer;
  std::unique_lock lock{mutex_};
  clock.wait(changed_, lock, stop, deadline, [] { return false; });
  return stop.stop_requested() ? UserAnswer::cancelled : UserAnswer::timed_out;
}

std::optional<UserAnswer> Prompter::ask_in_some_way(const Question& question) {
  const auto over = [&] {
    return question.stop.stop_requested() || question.clock.now() >= question.deadline;
  };
  const Turn turn{*this, question};
  if (!turn.wait()) return {};
  for (const auto& way : ways_) {
    if (over()) return {};
    const auto answer = way->ask(question);
    if (!answer) continue;
    if (std::exchange(last_, way.get()) != way.get())
      spdlog::debug("A request was asked about {}.", way->phrase());
    return answer;
  }
  if (!over()) tell_that_nobody_can_answer();
  return {};
}

void Prompter::tell_that_nobody_can_answer() {
  if (std::exchange(warned_, true)) return;
  const auto why = obstacles();
  spdlog::warn(
      "A request waits for approval, but there is nowhere to ask{}: answer it with fauxkey approve (or "
      "deny), or "
      "start fauxkey in a desktop or a terminal, or with --approve auto if whoever reaches the key may use "
      "it.",
      why.empty() ? "" : " (" + why + ")");
}

}  // namespace fauxkey::user
