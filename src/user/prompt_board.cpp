#include "user/prompt_board.h"

#include <algorithm>

namespace fauxkey::user {

Reply PromptBoard::ask(const std::string& key, const Prompt& prompt, QuestionKind question, Clock& clock,
                       const std::stop_token& stop, Clock::TimePoint deadline, const Elsewhere& elsewhere) {
  const auto mine = std::make_shared<Pending>();
  mine->clock = &clock;
  mine->deadline = deadline;
  {
    const std::scoped_lock lock{mutex_};
    mine->entry = {++last_, key, prompt, question, deadline - clock.now()};
    pending_.push_back(mine);
  }
  changed_.notify_all();
  if (observer_.asked) observer_.asked(mine->entry);

  Reply result;
  {
    const std::stop_callback cancel{stop, [&] { mine->over.request_stop(); }};
    if (elsewhere) result = elsewhere(mine->over.get_token());
    std::unique_lock lock{mutex_};
    if (!elsewhere) {
      clock.wait(changed_, lock, mine->over.get_token(), deadline, [&] { return mine->answer.has_value(); });
      result.scan.answer = stop.stop_requested() ? UserAnswer::cancelled : UserAnswer::timed_out;
    }
    if (mine->answer) result = *mine->answer;
    std::erase(pending_, mine);
  }
  changed_.notify_all();
  if (observer_.answered) observer_.answered(mine->entry, result.scan.answer);
  return result;
}

std::vector<PromptBoard::Entry> PromptBoard::pending(const std::optional<std::string>& key) const {
  const std::scoped_lock lock{mutex_};
  std::vector<Entry> entries;
  for (const auto& pending : pending_) {
    if (pending->answer || (key && pending->entry.key != *key)) continue;
    entries.push_back(pending->entry);
    entries.back().left = std::max(pending->deadline - pending->clock->now(), Clock::Duration{0});
  }
  return entries;
}

std::vector<PromptBoard::Entry> PromptBoard::wait(const std::optional<std::string>& key,
                                                  std::chrono::milliseconds limit,
                                                  const std::function<bool()>& stopped) const {
  {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, limit, [&] {
      return stopped() || std::ranges::any_of(pending_, [&](const auto& pending) {
               return !pending->answer && (!key || pending->entry.key == *key);
             });
    });
  }
  return pending(key);
}

bool PromptBoard::answer(Id id, const Reply& answer) {
  const std::scoped_lock lock{mutex_};
  const auto found =
      std::ranges::find_if(pending_, [&](const auto& pending) { return pending->entry.id == id; });
  if (found == pending_.end() || (*found)->answer) return false;
  (*found)->answer = answer;
  (*found)->over.request_stop();
  changed_.notify_all();
  return true;
}

}  // namespace fauxkey::user
