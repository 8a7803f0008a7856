#include "user/scripted_gate.h"

#include <utility>

namespace fauxkey::user {

ScriptedGate::ScriptedGate(std::string key, Clock& clock, PromptBoard& board, Behaviour behaviour,
                           std::unique_ptr<UserGate> own)
    : key_{std::move(key)}, clock_{clock}, board_{board}, own_{std::move(own)}, behaviour_{behaviour} {}

Behaviour ScriptedGate::behaviour() const {
  const std::scoped_lock lock{mutex_};
  return behaviour_;
}

void ScriptedGate::set(const Behaviour& behaviour) {
  {
    const std::scoped_lock lock{mutex_};
    behaviour_ = behaviour;
    ++changes_;
  }
  changed_.notify_all();
}

bool ScriptedGate::push_next(const Behaviour& behaviour) {
  const std::scoped_lock lock{mutex_};
  if (next_.size() >= kMaxNext) return false;
  next_.push_back(behaviour);
  return true;
}

std::size_t ScriptedGate::next_count() const {
  const std::scoped_lock lock{mutex_};
  return next_.size();
}

void ScriptedGate::clear_next() {
  const std::scoped_lock lock{mutex_};
  next_.clear();
}

UserAnswer ScriptedGate::confirm_presence(const Prompt& prompt, std::stop_token stop,
                                          Clock::TimePoint deadline) {
  return answer(prompt, QuestionKind::presence, stop, deadline).answer;
}

UserAnswer ScriptedGate::verify_user(const Prompt& prompt, std::stop_token stop, Clock::TimePoint deadline) {
  return answer(prompt, QuestionKind::verification, stop, deadline).answer;
}

FingerScan ScriptedGate::scan_finger(const Prompt& prompt, std::stop_token stop, Clock::TimePoint deadline) {
  return answer(prompt, QuestionKind::finger, stop, deadline);
}

FingerScan ScriptedGate::answer(const Prompt& prompt, QuestionKind question, const std::stop_token& stop,
                                Clock::TimePoint deadline) {
  std::unique_lock lock{mutex_};
  bool scripted = !next_.empty();
  Behaviour now = behaviour_;
  if (scripted) {
    now = next_.front();
    next_.pop_front();
  }
  for (;;) {
    if (stop.stop_requested()) return {.answer = UserAnswer::cancelled};
    if (now.presence == Presence::ask) {
      lock.unlock();
      return ask(prompt, question, stop, deadline);
    }
    const auto due =
        now.presence == Presence::never ? deadline : std::min(deadline, clock_.now() + now.delay);
    // A change of the behaviour is an answer to who waits by it.
    const auto before = changes_;
    const bool changed =
        clock_.wait(changed_, lock, stop, due, [&] { return !scripted && changes_ != before; });
    if (!changed) break;
    now = behaviour_;
    scripted = false;
  }
  if (stop.stop_requested()) return {.answer = UserAnswer::cancelled};
  if (now.presence == Presence::never || clock_.now() >= deadline) return {.answer = UserAnswer::timed_out};
  FingerScan scan{.answer = UserAnswer::approved, .finger = now.finger, .sample = now.sample};
  const bool refused = question != QuestionKind::presence && now.verified == Verified::refused;
  if (now.presence == Presence::deny || refused)
    scan.answer = UserAnswer::denied;
  else if (question == QuestionKind::verification && now.verified == Verified::no)
    scan.answer = UserAnswer::not_verified;
  return scan;
}

FingerScan ScriptedGate::ask(const Prompt& prompt, QuestionKind question, const std::stop_token& stop,
                             Clock::TimePoint deadline) {
  PromptBoard::Elsewhere elsewhere;
  if (own_) {
    elsewhere = [&](std::stop_token over) -> FingerScan {
      if (question == QuestionKind::finger) return own_->scan_finger(prompt, std::move(over), deadline);
      if (question == QuestionKind::verification)
        return {.answer = own_->verify_user(prompt, std::move(over), deadline)};
      return {.answer = own_->confirm_presence(prompt, std::move(over), deadline)};
    };
  }
  return board_.ask(key_, prompt, question, clock_, stop, deadline, elsewhere);
}

}  // namespace fauxkey::user
