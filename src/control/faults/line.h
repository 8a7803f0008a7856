// The packets of one device on their way to hosts: an answer's may be replaced by others.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "control/faults/action.h"

namespace fauxkey::control::faults {

class Line {
 public:
  /// The next answer on this channel, which has `count` packets, goes out as `packets`. For the thread that
  /// processes the request, before it hands the answer over.
  void replace_answer(std::uint32_t channel, Packets packets, std::size_t count);
  /// It is no longer wanted.
  void keep_answer();

  struct Output {
    std::vector<ctaphid::Report> reports;
    bool unplug = false;  ///< after them
  };
  /// What goes out for a report that the device writes.
  [[nodiscard]] Output pass(const ctaphid::Report& report);
  [[nodiscard]] bool is_unplugged() const;

 private:
  struct Replacement {
    std::uint32_t channel = 0;
    Packets packets;
    std::size_t count = 0;  ///< of the answer itself
    std::size_t seen = 0;
    std::size_t sent = 0;
  };
  [[nodiscard]] bool is_of_answer(const ctaphid::Report& report);

  mutable std::mutex mutex_;
  std::optional<Replacement> replacement_;  ///< a device answers one request at a time
  bool unplugged_ = false;
};

}  // namespace fauxkey::control::faults
