#include "ctap/session.h"

#include <algorithm>

namespace fauxkey::ctap {

Sequence Sequences::take(std::uint32_t channel) {
  const auto it = std::ranges::find(open_, channel, &Open::channel);
  if (it == open_.end()) return {};
  const bool in_time = clock_->now() - it->since <= kTimeLimit;
  Sequence sequence = in_time ? std::move(it->sequence) : Sequence{};
  open_.erase(it);
  return sequence;
}

void Sequences::put(std::uint32_t channel, Sequence sequence) {
  std::erase_if(open_, [&](const Open& open) { return open.channel == channel; });
  if (open_.size() == kMaxChannels) open_.pop_front();
  open_.push_back({channel, clock_->now(), std::move(sequence)});
}

std::optional<Clock::TimePoint> Sequences::ends() const {
  if (open_.empty() || clock_->now() - open_.back().since > kTimeLimit) return std::nullopt;
  return open_.back().since + kTimeLimit;
}

}  // namespace fauxkey::ctap
