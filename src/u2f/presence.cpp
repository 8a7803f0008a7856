#include "u2f/presence.h"

namespace fauxkey::u2f {
namespace {

// How long one request waits for the answer: clients send the next after 200 ms or so and expect a prompt
// "not yet".
constexpr std::chrono::milliseconds kWait{200};
// A yes counts for a request that comes soon after it; so does a no, lest the next retry asks again at once.
constexpr std::chrono::seconds kAnswerHolds{10};

}  // namespace

bool Presence::given(Operation operation, const RpIdHash& application, const Exchange& exchange) {
  const Question question{operation, application};
  std::unique_lock lock{mutex_};
  if (approved_ && key_.clock().now() - answered_at_ > kAnswerHolds) {
    asked_.reset();
    approved_.reset();
  }
  if (asked_ != question) {
    lock.unlock();
    ask(question);
    lock.lock();
  }
  if (exchange.on_waiting) exchange.on_waiting(Waiting::user_presence);
  const bool answered = key_.clock().wait(answered_, lock, exchange.stop, key_.clock().now() + kWait,
                                          [&] { return approved_.has_value(); });
  if (exchange.on_waiting) exchange.on_waiting(Waiting::processing);
  if (!answered || !*approved_) return false;
  asked_.reset();
  approved_.reset();
  return true;
}

void Presence::forget() {
  asking_ = {};  // asks the prompt to stop, and waits for it
  const std::scoped_lock lock{mutex_};
  asked_.reset();
  approved_.reset();
}

void Presence::ask(const Question& question) {
  forget();
  {
    const std::scoped_lock lock{mutex_};
    asked_ = question;
  }
  asking_ = std::jthread{[this, operation = question.operation](const std::stop_token& stop) {
    const Exchange exchange{.channel = 0, .stop = stop, .on_waiting = {}};
    const bool approved = key_.confirm_presence({operation, {}, {}}, exchange).has_value();
    const std::scoped_lock lock{mutex_};
    if (stop.stop_requested()) return;
    approved_ = approved;
    answered_at_ = key_.clock().now();
    answered_.notify_all();
  }};
}

}  // namespace fauxkey::u2f
