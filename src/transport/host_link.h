// A host's end of a transport: for programs that ask a key, as this one's replay does.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "transport/file_descriptor.h"
#include "transport/transport.h"

namespace fauxkey::transport {

class HostLink {
 public:
  /// `address`: as Transport::address gives it, "/dev/hidraw3", "unix:PATH" or "udp:HOST:PORT". Throws
  /// std::runtime_error with a sentence for a person where nothing can be opened there.
  explicit HostLink(const std::string& address);

  /// Throws std::runtime_error where the key has gone.
  void write(const Report& report);
  /// Nothing where none comes in that time. Throws std::runtime_error where the key has gone.
  [[nodiscard]] std::optional<Report> read(std::chrono::milliseconds limit);

 private:
  std::string address_;
  bool hidraw_ = false;
  FileDescriptor fd_;
  std::size_t in_a_row_ = 0;
};

}  // namespace fauxkey::transport
