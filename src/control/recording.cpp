#include "control/recording.h"

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "control/trace_decoder.h"
#include "ctaphid/assembler.h"

namespace fauxkey::control {
namespace {

using ctaphid::Command;
using transport::Report;

[[noreturn]] void refuse(std::size_t line, const std::string& what) {
  throw std::runtime_error{"Line " + std::to_string(line) + " of the trace " + what +
                           ": give a file that fauxkey run --trace wrote, as JSON Lines."};
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<Report> report_of(const std::string& hex) {
  Report report{};
  if (hex.size() != 2 * report.size()) return {};
  for (std::size_t i = 0; i < report.size(); ++i) {
    const int high = digit(hex[2 * i]);
    const int low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return {};
    report[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return report;
}

struct Packet {
  double seconds;
  bool from_host;
  Report report;
};

/// Messages out of one device's packets.
class Reassembly {
 public:
  explicit Reassembly(std::vector<RecordedStep>& steps) : steps_{steps} {}

  void from_host(const Report& report, double seconds) {
    const auto channel = ctaphid::channel_of(report);
    interrupt(channel);
    if (ctaphid::is_initial(report)) {
      give_up(channel);
      begin(requests_, report, seconds);
    } else if (const auto open = requests_.find(channel); open != requests_.end()) {
      open->second.packets.push_back(report);
      if (!open->second.assembler.add(report)) return give_up(channel);
    } else {
      return push(RecordedStep::Kind::packets, seconds, channel, 0, {}, {report});
    }
    finish(requests_, channel, seconds, RecordedStep::Kind::request);
  }

  void from_key(const Report& report, double seconds) {
    const auto channel = ctaphid::channel_of(report);
    if (ctaphid::is_initial(report)) {
      if (ctaphid::command_of(report) == Command::keepalive ||
          ctaphid::message_size_of(report) > ctaphid::kMaxMessageSize)
        return;
      interrupt(channel);
      give_up(channel);
      begin(answers_, report, seconds);
    } else if (const auto open = answers_.find(channel); open != answers_.end()) {
      if (!open->second.assembler.add(report)) answers_.erase(open);
    }
    finish(answers_, channel, seconds, RecordedStep::Kind::answer);
  }

  void end() {
    while (!requests_.empty()) give_up(requests_.begin()->first);
  }

 private:
  struct Open {
    ctaphid::Assembler assembler;
    std::vector<Report> packets;
    double seconds;
  };
  using OpenMessages = std::map<std::uint32_t, Open>;

  void begin(OpenMessages& open, const Report& report, double seconds) {
    const auto channel = ctaphid::channel_of(report);
    if (ctaphid::message_size_of(report) > ctaphid::kMaxMessageSize)
      return push(RecordedStep::Kind::packets, seconds, channel, 0, {}, {report});
    open.insert_or_assign(channel, Open{ctaphid::Assembler{report}, {report}, seconds});
  }

  void finish(OpenMessages& open, std::uint32_t channel, double seconds, RecordedStep::Kind kind) {
    const auto found = open.find(channel);
    if (found == open.end() || !found->second.assembler.complete()) return;
    const auto command = static_cast<std::uint8_t>(found->second.assembler.command());
    push(kind, seconds, channel, command, found->second.assembler.take(), std::move(found->second.packets));
    open.erase(found);
  }

  /// Something passes on a channel while messages of others are not complete: what there is of them comes
  /// before it, as the key may answer that it is busy.
  void interrupt(std::uint32_t channel) {
    for (auto& [other, open] : requests_) {
      if (other == channel || open.packets.empty()) continue;
      push(RecordedStep::Kind::packets, open.seconds, other, 0, {}, std::exchange(open.packets, {}));
    }
  }

  /// The host's message that is open on the channel is never complete.
  void give_up(std::uint32_t channel) {
    const auto found = requests_.find(channel);
    if (found == requests_.end()) return;
    if (!found->second.packets.empty())
      push(RecordedStep::Kind::packets, found->second.seconds, channel, 0, {},
           std::move(found->second.packets));
    requests_.erase(found);
  }

  void push(RecordedStep::Kind kind, double seconds, std::uint32_t channel, std::uint8_t command,
            Bytes message, std::vector<Report> packets) {
    steps_.push_back({kind, seconds, channel, command, std::move(message), std::move(packets)});
  }

  std::vector<RecordedStep>& steps_;
  OpenMessages requests_;
  OpenMessages answers_;
};

}  // namespace

Recording read_recording(std::istream& trace, const std::string& device) {
  Recording recording{.device = device, .steps = {}, .other_devices = {}};
  std::vector<Packet> packets;
  std::size_t number = 0;
  bool found = false;
  for (std::string text; std::getline(trace, text);) {
    ++number;
    const auto line = Json::parse(text, nullptr, false);
    if (!line.is_object()) refuse(number, "is no JSON object");
    try {
      if (line.value("layer", "") == "trace") {
        recording.complete = false;
        continue;
      }
      const auto whose = line.at("device").get<std::string>();
      if (recording.device.empty()) recording.device = whose;
      if (whose != recording.device) {
        if (std::ranges::find(recording.other_devices, whose) == recording.other_devices.end())
          recording.other_devices.push_back(whose);
        continue;
      }
      found = true;
      if (line.contains("redacted")) recording.redacted = true;
      if (line.value("kind", "") != "packet") continue;
      const auto report = report_of(line.at("raw").get<std::string>());
      if (!report) refuse(number, "has no packet of 64 bytes");
      const auto seconds = line.at("t").get<double>();
      packets.push_back({seconds, line.at("dir") == "in", *report});
    } catch (const Json::exception&) {
      refuse(number, "lacks what a trace's lines have");
    }
  }
  // A trace holds back a host's packets until their message is complete.
  std::ranges::stable_sort(packets, {}, &Packet::seconds);
  Reassembly reassembly{recording.steps};
  for (const auto& packet : packets) {
    if (packet.from_host)
      reassembly.from_host(packet.report, packet.seconds);
    else
      reassembly.from_key(packet.report, packet.seconds);
  }
  reassembly.end();
  if (!found && device.empty()) throw std::runtime_error{"The trace is empty: there is nothing to replay."};
  if (!found)
    throw std::runtime_error{"The trace has no device " + device + ": leave --device out, or name another."};
  return recording;
}

}  // namespace fauxkey::control
