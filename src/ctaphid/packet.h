// CTAPHID's packets (CTAP 2.3, 11.2.4): how one 64-byte report is laid out.
//   initialization: channel 4 | command, bit 7 set 1 | payload size 2 | payload ≤ 57
//   continuation:   channel 4 | sequence number, bit 7 clear 1 | payload ≤ 59
// Numbers are big-endian.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "fauxkey/bytes.h"
#include "transport/transport.h"

namespace fauxkey::ctaphid {

using transport::kReportSize;
using transport::Report;

inline constexpr std::uint32_t kReservedChannel = 0;
inline constexpr std::uint32_t kBroadcastChannel = 0xFFFF'FFFF;

inline constexpr std::size_t kInitialHeader = 7;
inline constexpr std::size_t kContinuationHeader = 5;
inline constexpr std::size_t kInitialPayload = kReportSize - kInitialHeader;
inline constexpr std::size_t kContinuationPayload = kReportSize - kContinuationHeader;
/// Sequence numbers are 0 to 0x7F (11.2.4), so a message has one initial and 128 continuation packets at
/// most.
inline constexpr std::size_t kMaxMessageSize = kInitialPayload + 128 * kContinuationPayload;
static_assert(kMaxMessageSize == 7609);

inline constexpr std::uint8_t kInitialBit = 0x80;

/// Without bit 7 (11.2.9).
enum class Command : std::uint8_t {
  ping = 0x01,
  msg = 0x03,
  lock = 0x04,
  init = 0x06,
  wink = 0x08,
  cbor = 0x10,
  cancel = 0x11,
  keepalive = 0x3B,
  error = 0x3F,
};

/// The payload of CTAPHID_ERROR (11.2.9.1.6).
enum class Error : std::uint8_t {
  invalid_cmd = 0x01,
  invalid_par = 0x02,
  invalid_len = 0x03,
  invalid_seq = 0x04,
  msg_timeout = 0x05,
  channel_busy = 0x06,
  lock_required = 0x0A,
  invalid_channel = 0x0B,
  other = 0x7F,
};

/// CTAPHID_INIT's capability flags (11.2.9.1.3).
inline constexpr std::uint8_t kCapabilityWink = 0x01;
inline constexpr std::uint8_t kCapabilityCbor = 0x04;
inline constexpr std::uint8_t kCapabilityNoMsg = 0x08;

[[nodiscard]] inline std::uint32_t channel_of(const Report& report) {
  return std::uint32_t{report[0]} << 24U | std::uint32_t{report[1]} << 16U | std::uint32_t{report[2]} << 8U |
         std::uint32_t{report[3]};
}
[[nodiscard]] inline bool is_initial(const Report& report) { return (report[4] & kInitialBit) != 0; }

// Of an initialization packet.
[[nodiscard]] inline Command command_of(const Report& report) {
  return static_cast<Command>(report[4] & 0x7FU);
}
[[nodiscard]] inline std::size_t message_size_of(const Report& report) {
  return std::size_t{report[5]} << 8U | report[6];
}
/// The part of the message that is in this packet.
[[nodiscard]] inline ByteView initial_payload_of(const Report& report) {
  return ByteView{report}.subspan(kInitialHeader, std::min(message_size_of(report), kInitialPayload));
}

// Of a continuation packet.
[[nodiscard]] inline std::uint8_t sequence_of(const Report& report) { return report[4]; }
[[nodiscard]] inline std::span<const std::uint8_t, kContinuationPayload> continuation_payload_of(
    const Report& report) {
  return std::span{report}.subspan<kContinuationHeader>();
}

/// How many packets a message of `size` ≤ kMaxMessageSize bytes takes.
[[nodiscard]] constexpr std::size_t packet_count(std::size_t size) {
  if (size <= kInitialPayload) return 1;
  return 1 + (size - kInitialPayload + kContinuationPayload - 1) / kContinuationPayload;
}
/// Packet `index` < packet_count(message.size()) of a message, zero-padded.
[[nodiscard]] Report make_packet(std::uint32_t channel, Command command, ByteView message, std::size_t index);

}  // namespace fauxkey::ctaphid
