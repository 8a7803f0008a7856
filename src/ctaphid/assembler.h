// Puts one message together from its packets.
#pragma once

#include <cstdint>

#include "ctaphid/packet.h"

namespace fauxkey::ctaphid {

class Assembler {
 public:
  /// `initial`: an initialization packet whose size is ≤ kMaxMessageSize.
  explicit Assembler(const Report& initial);

  /// Adds the next continuation packet of the same channel; false where it is out of order, and then the
  /// message is void.
  [[nodiscard]] bool add(const Report& continuation);
  [[nodiscard]] bool complete() const { return message_.size() == size_; }
  [[nodiscard]] Command command() const { return command_; }
  /// The whole message, once it is complete.
  [[nodiscard]] Bytes take() { return std::move(message_); }

 private:
  Command command_;
  std::size_t size_;
  std::uint8_t next_sequence_ = 0;
  Bytes message_;
};

}  // namespace fauxkey::ctaphid
