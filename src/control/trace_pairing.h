// Puts packets and the messages that they make together: a message is told after its last packet from a host
// and before its first packet from the key. Here it is decoded, and what is secret in it overwritten, there
// and in its packets.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "control/trace_event.h"

namespace fauxkey::control {

class TracePairing {
 public:
  /// `secrets`: leave them as they are.
  explicit TracePairing(bool secrets) : secrets_{secrets} {}

  /// What can be written now, in order: packets from a host wait until their message is complete.
  [[nodiscard]] std::vector<TraceEvent> take(TraceEvent event);
  /// What still waits.
  [[nodiscard]] std::vector<TraceEvent> rest();

 private:
  /// Hosts open channels at will, so only so many are remembered.
  static constexpr std::size_t kMaxPlaces = 256;
  using Place = std::pair<std::size_t, std::uint32_t>;  ///< device, channel
  struct Leaving {
    Place place;
    std::uint8_t command = 0;
    Bytes message;
    bool redacted = false;
    std::size_t next_packet = 0;
    std::shared_ptr<const Json> decoded;
  };

  void take_packet(TraceEvent event, std::vector<TraceEvent>& ready);
  void take_message(TraceEvent event, std::vector<TraceEvent>& ready);
  void release(Place place, std::vector<TraceEvent>& ready);

  bool secrets_;
  TraceDecoder decoder_;
  std::map<Place, std::vector<TraceEvent>> arriving_;  ///< packets
  std::map<Place, std::uint8_t> asked_;                ///< CTAP2 commands
  std::deque<Leaving> leaving_;
};

}  // namespace fauxkey::control
