// A trace (JSON Lines) read back: what hosts sent and the key answered, in order.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "ctaphid/device.h"
#include "fauxkey/bytes.h"
#include "transport/transport.h"

namespace fauxkey::control {

struct RecordedStep {
  enum class Kind : std::uint8_t {
    request,  ///< a whole message of a host
    packets,  ///< of a host, that make no whole message
    answer,   ///< a whole message of the key; keepalives are left out
  };
  Kind kind{};
  double seconds = 0;  ///< since the trace began
  std::uint32_t channel = 0;
  std::uint8_t command = 0;  ///< without bit 7
  Bytes message;
  /// Of a request or an answer: those that did not pass before, as packets, when something came in between.
  std::vector<transport::Report> packets;
};

struct Recording {
  std::string device;  ///< whose it is
  std::vector<RecordedStep> steps;
  std::vector<std::string> other_devices;  ///< that the trace holds too
  bool redacted = false;                   ///< some secrets stand as zeros
  bool complete = true;                    ///< the trace left nothing out
};

/// Of `device`, or the trace's first where that is empty. Throws std::runtime_error with a sentence for a
/// person where it is no trace, or has no such device.
[[nodiscard]] Recording read_recording(std::istream& trace, const std::string& device = {});

}  // namespace fauxkey::control
