#include "ctaphid/channels.h"

#include <algorithm>

#include "ctaphid/packet.h"

namespace fauxkey::ctaphid {
namespace {

/// A permutation of the 32-bit numbers (MurmurHash3's finalizer): a counter through it comes back to a number
/// only after all others, so that a channel of the past is not soon another host's.
std::uint32_t scramble(std::uint32_t value) {
  value ^= value >> 16U;
  value *= 0x85EBCA6BU;
  value ^= value >> 13U;
  value *= 0xC2B2AE35U;
  value ^= value >> 16U;
  return value;
}

}  // namespace

std::uint32_t Channels::allocate(Time now, std::optional<std::uint32_t> in_use) {
  if (channels_.size() >= kCapacity) forget_oldest(now, in_use);
  const std::uint32_t id = next_id();
  channels_.push_back({.id = id, .last_used = ++uses_});
  return id;
}

bool Channels::touch(std::uint32_t channel) {
  const auto found = std::find_if(channels_.begin(), channels_.end(),
                                  [channel](const Channel& one) { return one.id == channel; });
  if (found == channels_.end()) return false;
  found->last_used = ++uses_;
  return true;
}

void Channels::lock(std::uint32_t channel, std::chrono::seconds duration, Time now) {
  lock_.reset();
  if (duration > std::chrono::seconds{0}) lock_ = Lock{.channel = channel, .until = now + duration};
}

bool Channels::locked_by_other(std::uint32_t channel, Time now) const {
  return lock_ && lock_->channel != channel && now < lock_->until;
}

bool Channels::allocated(std::uint32_t id) const {
  return std::any_of(channels_.begin(), channels_.end(), [id](const Channel& one) { return one.id == id; });
}

std::uint32_t Channels::next_id() {
  for (;;) {
    const std::uint32_t id = scramble(seed_ + issued_++);
    if (id != kReservedChannel && id != kBroadcastChannel && !allocated(id)) return id;
  }
}

void Channels::forget_oldest(Time now, std::optional<std::uint32_t> in_use) {
  const auto rank = [&](const Channel& one) {
    const bool keeps_lock = lock_ && lock_->channel == one.id && now < lock_->until;
    return one.id == in_use || keeps_lock ? UINT64_MAX : one.last_used;
  };
  channels_.erase(std::min_element(channels_.begin(), channels_.end(),
                                   [&](const Channel& a, const Channel& b) { return rank(a) < rank(b); }));
}

}  // namespace fauxkey::ctaphid
