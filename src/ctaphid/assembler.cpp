#include "ctaphid/assembler.h"

namespace fauxkey::ctaphid {

Assembler::Assembler(const Report& initial) : command_{command_of(initial)}, size_{message_size_of(initial)} {
  message_.reserve(size_);
  append(message_, initial_payload_of(initial));
}

bool Assembler::add(const Report& continuation) {
  if (sequence_of(continuation) != next_sequence_) return false;
  ++next_sequence_;
  const auto payload = continuation_payload_of(continuation);
  append(message_, payload.first(std::min(payload.size(), size_ - message_.size())));
  return true;
}

}  // namespace fauxkey::ctaphid
