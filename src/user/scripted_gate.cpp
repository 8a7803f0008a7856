#include "user/scripted_gate.h"

#include <algorithm>
#include <utility>

namespace fauxkey::user {
namespace {

/// A name counts before a user handle; among equal names, the newest account's.
std::optional<std::size_t> find(const std::vector<UserEntity>& accounts, const AccountName& wanted) {
  auto found = std::ranges::find_if(accounts, [&](const auto& one) { return one.name == wanted.text; });
  if (found == accounts.end() && !wanted.user_handle.empty())
    found = std::ranges::find(accounts, wanted.user_handle, &UserEntity::id);
  if (found == accounts.end()) return std::nullopt;
  return static_cast<std::size_t>(found - accounts.begin());
}

}  // namespace

ScriptedGate::ScriptedGate(std::string key, Clock& clock, PromptBoard& board, Behaviour behaviour,
                           std::unique_ptr<UserGate> own)
    : key_{std::move(key)},
      clock_{clock},
      board_{board},
      own_{std::move(own)},
      behaviour_{std::move(behaviour)} {}

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
  return answer(prompt, QuestionKind::presence, stop, deadline).scan.answer;
}

UserAnswer ScriptedGate::verify_user(const Prompt& prompt, std::stop_token stop, Clock::TimePoint deadline) {
  return answer(prompt, QuestionKind::verification, stop, deadline).scan.answer;
}

FingerScan ScriptedGate::scan_finger(const Prompt& prompt, std::stop_token stop, Clock::TimePoint deadline) {
  return answer(prompt, QuestionKind::finger, stop, deadline).scan;
}

bool ScriptedGate::has_display() const {
  const std::scoped_lock lock{mutex_};
  return (next_.empty() ? behaviour_ : next_.front()).account.has_value();
}

AccountChoice ScriptedGate::choose_account(const Prompt& prompt, std::stop_token stop,
                                           Clock::TimePoint deadline) {
  const auto said = answer(prompt, QuestionKind::account, stop, deadline);
  if (said.scan.answer != UserAnswer::approved) return {.answer = said.scan.answer};
  const auto chosen = said.account ? find(prompt.accounts, *said.account) : std::nullopt;
  if (!chosen) return {.answer = UserAnswer::denied};
  return {.answer = UserAnswer::approved, .account = *chosen};
}

Reply ScriptedGate::answer(const Prompt& prompt, QuestionKind question, const std::stop_token& stop,
                           Clock::TimePoint deadline) {
  std::unique_lock lock{mutex_};
  bool scripted = !next_.empty();
  Behaviour now = behaviour_;
  if (scripted) {
    now = next_.front();
    next_.pop_front();
  }
  for (;;) {
    if (stop.stop_requested()) return {.scan = {.answer = UserAnswer::cancelled}};
    if (now.presence == Presence::ask) {
      lock.unlock();
      auto reply = ask(prompt, question, stop, deadline);
      if (!reply.account) reply.account = now.account;
      return reply;
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
  if (stop.stop_requested()) return {.scan = {.answer = UserAnswer::cancelled}};
  if (now.presence == Presence::never || clock_.now() >= deadline)
    return {.scan = {.answer = UserAnswer::timed_out}};
  FingerScan scan{.answer = UserAnswer::approved, .finger = now.finger, .sample = now.sample};
  const bool refused = (question == QuestionKind::verification || question == QuestionKind::finger) &&
                       now.verified == Verified::refused;
  if (now.presence == Presence::deny || refused)
    scan.answer = UserAnswer::denied;
  else if (question == QuestionKind::verification && now.verified == Verified::no)
    scan.answer = UserAnswer::not_verified;
  return {.scan = scan, .account = now.account};
}

Reply ScriptedGate::ask(const Prompt& prompt, QuestionKind question, const std::stop_token& stop,
                        Clock::TimePoint deadline) {
  PromptBoard::Elsewhere elsewhere;
  if (own_) {
    elsewhere = [&](std::stop_token over) -> Reply {
      if (question == QuestionKind::finger)
        return {.scan = own_->scan_finger(prompt, std::move(over), deadline)};
      if (question == QuestionKind::verification)
        return {.scan = {.answer = own_->verify_user(prompt, std::move(over), deadline)}};
      return {.scan = {.answer = own_->confirm_presence(prompt, std::move(over), deadline)}};
    };
  }
  return board_.ask(key_, prompt, question, clock_, stop, deadline, elsewhere);
}

}  // namespace fauxkey::user
