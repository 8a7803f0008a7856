#include "control/faults/packet_faults.h"

#include <algorithm>
#include <utility>

namespace fauxkey::control::faults {
namespace {

constexpr std::uint8_t kSequenceMask = 0x7F;

/// The packet that a rule means. `packets` is not empty.
std::size_t chosen(const Packets& packets, const Arguments& arguments) {
  return std::min(static_cast<std::size_t>(arguments.number("packet")), packets.reports.size() - 1);
}

auto position(Packets& packets, std::size_t index) {
  return packets.reports.begin() + static_cast<std::ptrdiff_t>(index);
}

}  // namespace

bool drop_packet(Packets& packets, const Arguments& arguments) {
  if (packets.reports.empty()) return false;
  packets.reports.erase(position(packets, chosen(packets, arguments)));
  return true;
}

bool repeat_packet(Packets& packets, const Arguments& arguments) {
  if (packets.reports.empty()) return false;
  const std::size_t index = chosen(packets, arguments);
  const auto report = packets.reports[index];
  packets.reports.insert(position(packets, index), report);
  return true;
}

bool reorder_packets(Packets& packets, const Arguments& arguments) {
  if (packets.reports.size() < 2) return false;
  const std::size_t index = std::min(chosen(packets, arguments), packets.reports.size() - 2);
  std::swap(packets.reports[index], packets.reports[index + 1]);
  return true;
}

bool corrupt_packet(Packets& packets, const Arguments& arguments) {
  if (packets.reports.empty()) return false;
  auto& report = packets.reports[chosen(packets, arguments)];
  report.at(static_cast<std::size_t>(arguments.number("offset"))) ^=
      static_cast<std::uint8_t>(arguments.number("mask"));
  return true;
}

bool wrong_sequence(Packets& packets, const Arguments& arguments) {
  if (packets.reports.empty()) return false;
  auto& report = packets.reports[chosen(packets, arguments)];
  if (ctaphid::is_initial(report)) return false;  // it has none
  const auto* const given = arguments.find<std::int64_t>("sequence");
  const auto sequence =
      static_cast<std::uint8_t>((given != nullptr ? *given : report[4] + 1) & kSequenceMask);
  if (sequence == report[4]) return false;
  report[4] = sequence;
  return true;
}

bool wrong_channel(Packets& packets, const Arguments& arguments) {
  if (packets.reports.empty()) return false;
  auto& report = packets.reports[chosen(packets, arguments)];
  const auto right = ctaphid::channel_of(report);
  const auto* const given = arguments.find<std::int64_t>("channel");
  const auto channel = given != nullptr ? static_cast<std::uint32_t>(*given) : right ^ 0x01U;
  if (channel == right) return false;
  for (unsigned i = 0; i < 4; ++i) report[i] = static_cast<std::uint8_t>(channel >> (24 - 8 * i));
  return true;
}

bool unplug_in_the_middle(Packets& packets, const Arguments& arguments) {
  const auto kept = std::min(static_cast<std::size_t>(arguments.number("packets")), packets.reports.size());
  packets.reports.resize(kept);
  packets.unplug = true;
  return true;
}

}  // namespace fauxkey::control::faults
