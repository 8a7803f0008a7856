// What goes over the wire, written to a file as JSON Lines: one object for each packet and each message.
//
// Members of every object: "t" (seconds since the trace began, to the microsecond), "device" (what hosts
// open), "layer"
// ("hid", "ctap", "u2f"), "dir" ("in" from a host, "out" from the key), "channel", "command"; then what it
// says, with the specification's names, bytes in hex. Nothing is there that a host could not see too: PINs
// and tokens go over the wire encrypted, and so they are here.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "control/trace_decoder.h"
#include "ctaphid/device.h"
#include "transport/file_descriptor.h"

namespace fauxkey::control {

class Trace {
 public:
  /// Writes to `file` (made with mode 0600, begun anew). Throws std::runtime_error with a sentence for a
  /// person where that is not possible.
  explicit Trace(const std::filesystem::path& file);
  /// Writes what is still to be written.
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  /// For one device, which must end before the trace. What it is told is copied into a queue and no more;
  /// where the queue is full (4 MiB), it is left out and counted: {"layer":"trace","dropped":3}.
  [[nodiscard]] ctaphid::Observer observer(std::string device);

 private:
  using Clock = std::chrono::steady_clock;
  struct Event {
    Clock::time_point time;
    std::size_t device = 0;
    bool is_message = false;
    ctaphid::Direction direction{};
    std::uint32_t channel = 0;
    std::uint8_t command = 0;
    Bytes bytes;
  };

  void enqueue(Event event, ByteView bytes);
  void write_batches();
  [[nodiscard]] std::string line(const Event& event);
  [[nodiscard]] bool write(const std::string& text) const;

  const Clock::time_point start_ = Clock::now();
  transport::FileDescriptor file_;
  TraceDecoder decoder_;  ///< the writer's alone

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> devices_;
  std::vector<Event> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t dropped_ = 0;
  bool ending_ = false;
  std::jthread writer_;
};

}  // namespace fauxkey::control
