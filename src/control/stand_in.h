// A recording of a key's side that stands in for the key.
#pragma once

#include <optional>
#include <vector>

#include "control/recording.h"

namespace fauxkey::control {

class StandIn {
 public:
  explicit StandIn(const Recording& recording);

  /// What the recording has for this request: the next answer to the very same message; where all of these
  /// have been given, the last of them again; else the next answer to the same CTAP2 command or U2F
  /// instruction with other parameters. Nothing where there is none.
  [[nodiscard]] std::optional<Bytes> answer(ctaphid::Command command, ByteView request);

 private:
  struct Exchange {
    ctaphid::Command command{};
    Bytes request;
    Bytes answer;
    bool used = false;
  };
  std::vector<Exchange> exchanges_;
};

}  // namespace fauxkey::control
