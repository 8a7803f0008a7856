// What a trace is told, and what writes it to a file.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/trace_decoder.h"
#include "ctaphid/device.h"

namespace fauxkey::control {

struct TraceEvent {
  using Clock = std::chrono::steady_clock;
  enum class Kind : std::uint8_t { device, packet, message };

  Kind kind{};
  Clock::time_point time;
  std::size_t device = 0;  ///< its place in the order in which devices came
  ctaphid::Direction direction{};
  std::uint32_t channel = 0;
  std::uint8_t command = 0;  ///< of a message, without bit 7
  Bytes bytes;               ///< a report, a message's payload, or what hosts open
  std::string why;           ///< of a message that refuses
  /// Of a packet of the key's: what went over the wire in its place, by a fault.
  std::optional<std::vector<transport::Report>> sent{};
  /// Of a message, decoded; and the same of the packet that ends it.
  std::shared_ptr<const Json> decoded;
};

/// A file format. Each call gives the bytes that are to be written now.
class TraceWriter {
 public:
  virtual ~TraceWriter() = default;
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  [[nodiscard]] virtual std::string begin() { return {}; }
  [[nodiscard]] virtual std::string write(const TraceEvent& event) = 0;
  /// So many events had to be left out by now.
  [[nodiscard]] virtual std::string dropped(TraceEvent::Clock::time_point now, std::uint64_t events) = 0;

 protected:
  TraceWriter() = default;
};

/// One JSON object a line; times from `start` on.
[[nodiscard]] std::unique_ptr<TraceWriter> make_json_writer(TraceEvent::Clock::time_point start);
/// For Wireshark. `start` was at `unix_start`.
[[nodiscard]] std::unique_ptr<TraceWriter> make_pcapng_writer(
    TraceEvent::Clock::time_point start, std::chrono::system_clock::time_point unix_start);

}  // namespace fauxkey::control
