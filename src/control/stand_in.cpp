#include "control/stand_in.h"

#include <algorithm>

namespace fauxkey::control {
namespace {

using ctaphid::Command;

/// CTAP2's command byte; U2F's instruction.
std::optional<std::uint8_t> kind_of(Command command, ByteView request) {
  const std::size_t at = command == Command::cbor ? 0 : 1;
  return request.size() > at ? std::optional{request[at]} : std::nullopt;
}

}  // namespace

StandIn::StandIn(const Recording& recording) {
  const auto& steps = recording.steps;
  for (auto step = steps.begin(); step != steps.end(); ++step) {
    const auto command = static_cast<Command>(step->command);
    if (step->kind != RecordedStep::Kind::request || (command != Command::cbor && command != Command::msg))
      continue;
    const auto next = std::find_if(step + 1, steps.end(), [&](const RecordedStep& one) {
      return one.channel == step->channel && one.kind == RecordedStep::Kind::answer;
    });
    // CTAPHID errors are the device's own affair, which it sees to anew.
    if (next != steps.end() && next->command == step->command)
      exchanges_.push_back({command, step->message, next->message});
  }
}

std::optional<Bytes> StandIn::answer(Command command, ByteView request) {
  Exchange* again = nullptr;
  for (auto& one : exchanges_) {
    if (one.command != command || !std::ranges::equal(one.request, request)) continue;
    again = &one;
    if (!one.used) break;
  }
  const auto kind = kind_of(command, request);
  if (again == nullptr) {
    const auto alike = std::ranges::find_if(exchanges_, [&](const Exchange& one) {
      return !one.used && one.command == command && kind_of(command, one.request) == kind;
    });
    if (alike == exchanges_.end()) return std::nullopt;
    again = &*alike;
  }
  again->used = true;
  return again->answer;
}

}  // namespace fauxkey::control
