#include "control/trace_pairing.h"

#include <algorithm>
#include <utility>

#include "control/trace_secrets.h"
#include "ctaphid/packet.h"

namespace fauxkey::control {
namespace {

using ctaphid::Direction;

constexpr auto kCborCommand = static_cast<std::uint8_t>(ctaphid::Command::cbor);

transport::Report report_of(const TraceEvent& packet) {
  transport::Report report{};
  std::copy_n(packet.bytes.begin(), std::min(packet.bytes.size(), report.size()), report.begin());
  return report;
}

/// The packet once more, with what the message says now.
void rewrite(TraceEvent& packet, std::uint32_t channel, std::uint8_t command, ByteView message,
             std::size_t index) {
  if (index >= ctaphid::packet_count(message.size())) return;
  const auto report = ctaphid::make_packet(channel, static_cast<ctaphid::Command>(command), message, index);
  packet.bytes.assign(report.begin(), report.end());
}

/// Channel, and command or sequence number; where the secret begins, nobody knows after a fault.
void keep_headers(std::vector<transport::Report>& reports) {
  constexpr std::ptrdiff_t kHeader = 5;
  for (auto& report : reports) std::fill(report.begin() + kHeader, report.end(), std::uint8_t{0});
}

}  // namespace

std::vector<TraceEvent> TracePairing::take(TraceEvent event) {
  std::vector<TraceEvent> ready;
  if (event.kind == TraceEvent::Kind::packet)
    take_packet(std::move(event), ready);
  else if (event.kind == TraceEvent::Kind::message)
    take_message(std::move(event), ready);
  else
    ready.push_back(std::move(event));
  return ready;
}

std::vector<TraceEvent> TracePairing::rest() {
  std::vector<TraceEvent> ready;
  while (!arriving_.empty()) release(arriving_.begin()->first, ready);
  return ready;
}

void TracePairing::take_packet(TraceEvent event, std::vector<TraceEvent>& ready) {
  const auto report = report_of(event);
  const Place place{event.device, ctaphid::channel_of(report)};
  const bool initial = ctaphid::is_initial(report);
  if (event.direction == Direction::in) {
    const auto begun = arriving_.find(place);
    if (initial) {
      release(place, ready);
      if (arriving_.size() >= kMaxPlaces) release(arriving_.begin()->first, ready);
      arriving_[place].push_back(std::move(event));
    } else if (begun != arriving_.end() &&
               begun->second.size() < ctaphid::packet_count(ctaphid::kMaxMessageSize)) {
      begun->second.push_back(std::move(event));
    } else {
      ready.push_back(std::move(event));
    }
    return;
  }
  const auto command = static_cast<std::uint8_t>(ctaphid::command_of(report));
  const auto found = std::ranges::find_if(leaving_, [&](const Leaving& one) {
    return one.place == place &&
           (initial ? one.next_packet == 0 && one.command == command : one.next_packet > 0);
  });
  if (found != leaving_.end()) {
    if (found->redacted) {
      rewrite(event, place.second, found->command, found->message, found->next_packet);
      if (event.sent) keep_headers(*event.sent);
    }
    if (++found->next_packet == ctaphid::packet_count(found->message.size())) {
      event.decoded = found->decoded;
      leaving_.erase(found);
    }
  }
  ready.push_back(std::move(event));
}

void TracePairing::take_message(TraceEvent event, std::vector<TraceEvent>& ready) {
  const Place place{event.device, event.channel};
  std::vector<std::string> redacted;
  if (event.command == kCborCommand && event.direction == Direction::in) {
    if (asked_.size() >= kMaxPlaces) asked_.clear();
    asked_[place] = event.bytes.empty() ? std::uint8_t{0} : event.bytes[0];
  }
  if (event.command == kCborCommand && !secrets_) {
    const auto asked = asked_.find(place);
    redacted = redact(event.bytes, event.direction, asked != asked_.end() ? asked->second : std::uint8_t{0});
  }
  auto json = decoder_.message(event.direction, event.device, event.channel, event.command, event.bytes);
  if (!event.why.empty()) json["why"] = event.why;
  if (!redacted.empty()) json["redacted"] = redacted;
  event.decoded = std::make_shared<const Json>(std::move(json));

  if (event.direction == Direction::in) {
    if (const auto begun = arriving_.find(place); begun != arriving_.end()) {
      auto& packets = begun->second;
      for (std::size_t i = 0; !redacted.empty() && i < packets.size(); ++i)
        rewrite(packets[i], event.channel, event.command, event.bytes, i);
      packets.back().decoded = event.decoded;
      release(place, ready);
    }
  } else {
    release(place, ready);  // what the key did not take for a message
    if (leaving_.size() >= kMaxPlaces) leaving_.pop_front();
    leaving_.push_back({place, event.command, event.bytes, !redacted.empty(), 0, event.decoded});
  }
  ready.push_back(std::move(event));
}

void TracePairing::release(Place place, std::vector<TraceEvent>& ready) {
  const auto found = arriving_.find(place);
  if (found == arriving_.end()) return;
  std::ranges::move(found->second, std::back_inserter(ready));
  arriving_.erase(found);
}

}  // namespace fauxkey::control
