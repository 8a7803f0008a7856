// What goes over the wire, written to a file: each packet and each message, decoded, and why a message
// refuses. docs/trace.md says what is in it.
//
// Nothing is there that a host could not see too: PINs and tokens go over the wire encrypted, and so they are
// here. What passes in plain and is a secret (trace_secrets.h) stands as zeros, unless asked for.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "control/trace_event.h"
#include "control/trace_pairing.h"
#include "ctaphid/device.h"
#include "transport/file_descriptor.h"

namespace fauxkey::control {

class Trace {
 public:
  /// Writes to `file` (made with mode 0600, begun anew): pcapng where its name ends so, else JSON Lines.
  /// `secrets`: those of trace_secrets.h too. Throws std::runtime_error with a sentence for a person where
  /// that is not possible.
  explicit Trace(const std::filesystem::path& file, bool secrets = false);
  /// To whatever `writer` hands it to; no file.
  explicit Trace(std::unique_ptr<TraceWriter> writer);
  /// Writes what is still to be written.
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  /// For one device, which must end before the trace. What it is told is copied into a queue and no more;
  /// where the queue is full (4 MiB), it is left out and counted.
  [[nodiscard]] ctaphid::Observer observer(const std::string& device);

 private:
  using Clock = TraceEvent::Clock;

  void enqueue(TraceEvent event, ByteView bytes);
  void write_batches();
  [[nodiscard]] bool write(const std::string& bytes) const;

  const Clock::time_point start_ = Clock::now();
  transport::FileDescriptor file_;
  // The writing thread's alone:
  TracePairing pairing_;
  std::unique_ptr<TraceWriter> writer_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t devices_ = 0;
  std::vector<TraceEvent> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t dropped_ = 0;
  bool ending_ = false;
  std::jthread thread_;
};

}  // namespace fauxkey::control
