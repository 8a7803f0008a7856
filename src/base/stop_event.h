// A stop token that poll(2) sees.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <stop_token>
#include <system_error>

#include "base/file_descriptor.h"

namespace fauxkey {

class StopEvent {
 public:
  explicit StopEvent(const std::stop_token& stop)
      : event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}, raise_{stop, Raise{event_.get()}} {
    if (!event_) throw std::system_error{errno, std::generic_category(), "No question can be asked"};
  }

  /// Readable once a stop has been requested.
  [[nodiscard]] int descriptor() const { return event_.get(); }

 private:
  struct Raise {
    int event;
    void operator()() const {
      const std::uint64_t one = 1;
      [[maybe_unused]] const auto written = ::write(event, &one, sizeof one);
    }
  };

  FileDescriptor event_;
  std::stop_callback<Raise> raise_;  // goes first
};

}  // namespace fauxkey
