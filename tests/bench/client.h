// A host: writes and reads reports on a hidraw node or a unix: transport, directly by its file descriptor.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "ctaphid/packet.h"
#include "transport/file_descriptor.h"

namespace fauxkey::bench {

using ctaphid::Command;
using transport::Report;

class Wire {
 public:
  /// `address`: "/dev/hidraw3" or "unix:PATH". Throws std::runtime_error.
  explicit Wire(const std::string& address);
  void write(const Report& report) const;
  /// Nothing where none has come in time.
  [[nodiscard]] std::optional<Report> read(std::chrono::milliseconds limit) const;

 private:
  bool hidraw_;
  transport::FileDescriptor fd_;
};

enum class Outcome : std::uint8_t {
  answered,
  refused,     ///< CTAPHID_ERROR: a report towards the key was lost
  incomplete,  ///< the answer began, and a part of it was lost
  silent,      ///< nothing came
};

struct Reply {
  Outcome outcome = Outcome::silent;
  Bytes payload;
};

/// A client of a key, with a channel of its own.
class Client {
 public:
  explicit Client(const std::string& address);
  /// Writes all packets as fast as it goes, then reads the answer. Keepalives are passed over.
  [[nodiscard]] Reply transact(Command command, ByteView request, std::chrono::milliseconds limit);
  /// Brings the channel back after a transaction that failed.
  void resynchronize();

 private:
  std::uint32_t init(std::uint32_t channel);
  Wire wire_;
  std::uint32_t channel_;
};

/// Sends the packets of a PING of `size` bytes to a bare echo, `window` of them under way at most (0: any
/// number), and returns how many came back.
[[nodiscard]] std::size_t echo_round(const Wire& wire, std::size_t size, std::size_t window);

}  // namespace fauxkey::bench
