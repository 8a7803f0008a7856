#include "ctaphid/packet.h"

namespace fauxkey::ctaphid {

Report make_packet(std::uint32_t channel, Command command, ByteView message, std::size_t index) {
  Report report{};
  for (unsigned i = 0; i < 4; ++i) report[i] = static_cast<std::uint8_t>(channel >> (24 - 8 * i));
  std::size_t header = kInitialHeader;
  ByteView part = message;
  if (index == 0) {
    report[4] = static_cast<std::uint8_t>(static_cast<std::uint8_t>(command) | kInitialBit);
    report[5] = static_cast<std::uint8_t>(message.size() >> 8U);
    report[6] = static_cast<std::uint8_t>(message.size());
  } else {
    header = kContinuationHeader;
    report[4] = static_cast<std::uint8_t>(index - 1);
    part = message.subspan(kInitialPayload + (index - 1) * kContinuationPayload);
  }
  std::copy_n(part.begin(), std::min(part.size(), kReportSize - header),
              report.begin() + static_cast<std::ptrdiff_t>(header));
  return report;
}

}  // namespace fauxkey::ctaphid
