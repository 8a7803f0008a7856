// Packets and messages of the wire as JSON, with the specification's names.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "control/json.h"
#include "ctaphid/device.h"
#include "fauxkey/bytes.h"

namespace fauxkey::control {

/// Takes whatever a host or a key sends: what cannot be decoded is there in hex, with what is wrong with it.
class TraceDecoder {
 public:
  /// One report.
  [[nodiscard]] static Json packet(ctaphid::Direction direction, ByteView report);
  /// One message. An answer is named after the request before it on its channel; `device` tells apart
  /// channels of several devices.
  [[nodiscard]] Json message(ctaphid::Direction direction, std::size_t device, std::uint32_t channel,
                             std::uint8_t command, ByteView payload);

 private:
  /// What awaits its answer; hosts open channels at will, so only so many are remembered.
  static constexpr std::size_t kMaxPending = 256;
  using Place = std::pair<std::size_t, std::uint32_t>;

  void expect_answer(Place place, std::uint8_t request);
  /// The request that an answer belongs to; 0 where it is not known.
  [[nodiscard]] std::uint8_t take_request(Place place);

  /// CTAP2 command bytes or U2F instructions.
  std::map<Place, std::uint8_t> pending_;
};

}  // namespace fauxkey::control
