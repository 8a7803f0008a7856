#include "control/event_hub.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace fauxkey::control {
namespace {

std::string random_name() {
  std::array<std::uint8_t, 9> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return base64url(bytes);
}

}  // namespace

EventHub::EventHub() : instance_{random_name()} {}

void EventHub::publish(const std::string& type, const std::string& key, const Json& data) {
  const std::chrono::duration<double> time = std::chrono::system_clock::now().time_since_epoch();
  Json whole{{"time", std::round(time.count() * 1e6) / 1e6}};
  if (!key.empty()) whole["key"] = key;
  whole.update(data);
  Event event{.id = 0, .type = type, .key = key, .data = to_text(whole)};
  {
    const std::scoped_lock lock{mutex_};
    event.id = ++last_;
    bytes_ += event.data.size();
    events_.push_back(std::move(event));
    while (events_.size() > kMaxEvents || bytes_ > kMaxBytes) {
      bytes_ -= events_.front().data.size();
      events_.pop_front();
    }
  }
  changed_.notify_all();
}

EventHub::Batch EventHub::take(std::uint64_t after, const std::function<bool(const Event&)>& wanted,
                               std::chrono::milliseconds limit, const std::function<bool()>& stopped) {
  const auto end = std::chrono::steady_clock::now() + limit;
  std::unique_lock lock{mutex_};
  Batch batch{.events = {}, .missed = 0, .last = after};
  for (;;) {
    if (const auto first = last_ - events_.size() + 1; batch.last + 1 < first) {
      batch.missed += first - 1 - batch.last;
      batch.last = first - 1;
    }
    for (auto i = events_.size() - static_cast<std::size_t>(last_ - std::min(batch.last, last_));
         i < events_.size(); ++i) {
      batch.last = events_[i].id;
      if (wanted(events_[i])) batch.events.push_back(events_[i]);
      if (batch.events.size() >= kMaxBatch) break;
    }
    if (!batch.events.empty() || batch.missed > 0 || stopped()) return batch;
    const auto seen = last_;
    const bool more = changed_.wait_until(lock, end, [&] { return last_ != seen || stopped(); });
    if (!more) return batch;
  }
}

std::uint64_t EventHub::last() const {
  const std::scoped_lock lock{mutex_};
  return last_;
}

}  // namespace fauxkey::control
