#include "control/replay.h"

#include <algorithm>
#include <array>
#include <thread>

#include "ctaphid/packet.h"

namespace fauxkey::control {
namespace {

using ctaphid::Command;
using ctaphid::Direction;
using ctaphid::kBroadcastChannel;

constexpr auto kInitCommand = static_cast<std::uint8_t>(Command::init);
constexpr auto kCancelCommand = static_cast<std::uint8_t>(Command::cancel);
constexpr auto kErrorCommand = static_cast<std::uint8_t>(Command::error);
constexpr std::size_t kNonceSize = 8;

Json member(const Json& message, const char* place) {
  const Json::json_pointer pointer{place};
  return message.contains(pointer) ? message.at(pointer) : Json{};
}

std::uint32_t new_channel_of(ByteView init_answer) {
  std::uint32_t channel = 0;
  for (std::size_t i = kNonceSize; i < kNonceSize + 4; ++i) channel = channel << 8U | init_answer[i];
  return channel;
}

/// "clientPIN getKeyAgreement"
std::string name_of_request(const Json& request) {
  auto name = request.value("command", "");
  const auto sub_command = member(request, "/parameters/subCommand");
  if (sub_command.is_string()) name += " " + sub_command.get<std::string>();
  return name;
}

bool is_ok(const Json& answer) { return answer.value("status", "") == "0x00"; }

}  // namespace

void Replay::run(const OnMessage& on_message) {
  for (const auto& step : recording_.steps) {
    switch (step.kind) {
      case RecordedStep::Kind::request:
        wait_for(step.seconds);
        send(step);
        break;
      case RecordedStep::Kind::packets:
        wait_for(step.seconds);
        send_packets(step.packets, live_channel(step));
        break;
      case RecordedStep::Kind::answer:
        receive_answer(step, on_message);
        break;
    }
  }
}

void Replay::send(const RecordedStep& step) {
  Asked asked{recorded_decoder_.message(Direction::in, 0, step.channel, step.command, step.message), {}};
  asked.reason = why_not(step, asked.request);
  const bool withheld = !asked.reason.empty();
  if (step.command != kCancelCommand) asked_[step.channel] = std::move(asked);
  if (withheld) return;
  const auto channel = live_channel(step);
  const auto message = ids_.translated(static_cast<Command>(step.command), step.message);
  (void)live_decoder_.message(Direction::in, 0, channel, step.command, message);
  if (step.packets.size() < ctaphid::packet_count(step.message.size()))
    return send_packets(step.packets, channel);
  std::vector<transport::Report> packets;
  packets.reserve(ctaphid::packet_count(message.size()));
  for (std::size_t i = 0; i < ctaphid::packet_count(message.size()); ++i)
    packets.push_back(ctaphid::make_packet(channel, static_cast<Command>(step.command), message, i));
  send_packets(packets, channel);
}

void Replay::send_packets(const std::vector<transport::Report>& packets, std::uint32_t channel) {
  for (auto packet : packets) {
    for (std::size_t i = 0; i < 4; ++i) packet[i] = static_cast<std::uint8_t>(channel >> (24 - 8 * i));
    link_.write(packet);
  }
}

void Replay::receive_answer(const RecordedStep& step, const OnMessage& on_message) {
  const auto recorded =
      recorded_decoder_.message(Direction::out, 0, step.channel, step.command, step.message);
  const auto found = asked_.find(step.channel);
  const Asked asked = found != asked_.end() ? found->second : Asked{};
  ReplayedMessage result;
  result.command = asked.request.is_null() ? recorded.value("command", "") : name_of_request(asked.request);
  result.status = recorded.value("statusName", recorded.value("errorName", ""));
  if (!asked.reason.empty()) {
    result.verdict = ReplayedMessage::Verdict::not_replayed;
    result.reason = asked.reason;
    note_secrets(asked.request, recorded, Json{});
    asked_.erase(found);
    return on_message(result);
  }
  const bool init = step.command == kInitCommand && step.message.size() >= kNonceSize + 4;
  const auto channel = live_channel(step);
  const auto answer = receive(channel, init ? ByteView{step.message}.first(kNonceSize) : ByteView{});
  if (!answer) {
    result.verdict = ReplayedMessage::Verdict::different;
    result.comparison.differences.push_back(
        {"answer", result.status.empty() ? "there" : result.status, "none came"});
    return on_message(result);
  }
  const auto live = live_decoder_.message(Direction::out, 0, channel, answer->command, answer->payload);
  if (init && step.channel == kBroadcastChannel && answer->payload.size() >= kNonceSize + 4)
    channels_[new_channel_of(step.message)] = new_channel_of(answer->payload);
  ids_.learn(recorded, live);
  if (!asked.request.is_null()) note_secrets(asked.request, recorded, live);
  result.comparison = compare(recorded, live, ids_);
  if (!result.comparison.differences.empty()) result.verdict = ReplayedMessage::Verdict::different;
  if (found != asked_.end()) asked_.erase(found);
  on_message(result);
}

/// The recording's channels are allocated anew. One that it only begins to use is opened now, but not one
/// that the key did not know then either.
std::uint32_t Replay::live_channel(const RecordedStep& step) {
  if (step.channel == kBroadcastChannel) return step.channel;
  if (const auto known = channels_.find(step.channel); known != channels_.end()) return known->second;
  const auto* const answer = step.kind == RecordedStep::Kind::answer ? &step : recorded_answer(step);
  constexpr auto kInvalidChannel = static_cast<std::uint8_t>(ctaphid::Error::invalid_channel);
  const bool unknown_then =
      answer != nullptr && answer->command == kErrorCommand && answer->message == Bytes{kInvalidChannel};
  if (unknown_then) return step.channel;
  const auto channel = open_channel().value_or(step.channel);
  channels_[step.channel] = channel;
  return channel;
}

std::optional<std::uint32_t> Replay::open_channel() {
  // Unlike any that a host of the recording would have chosen at random.
  Bytes nonce{'r', 'e', 'p', 'l', 'a', 'y', 0, static_cast<std::uint8_t>(channels_.size())};
  link_.write(ctaphid::make_packet(kBroadcastChannel, Command::init, nonce, 0));
  const auto answer = receive(kBroadcastChannel, nonce);
  if (!answer || answer->payload.size() < kNonceSize + 4) return {};
  return new_channel_of(answer->payload);
}

/// The next message on that channel, keepalives left out; with that nonce where one is given, as other hosts
/// share the broadcast channel.
std::optional<Replay::Message> Replay::receive(std::uint32_t channel, ByteView nonce) {
  const auto deadline = std::chrono::steady_clock::now() + options_.patience;
  const auto wanted = [&](const Message& message) {
    return nonce.empty() || message.command != kInitCommand ||
           (message.payload.size() >= nonce.size() &&
            std::ranges::equal(ByteView{message.payload}.first(nonce.size()), nonce));
  };
  while (true) {
    auto& waiting = inbox_[channel];
    while (!waiting.empty()) {
      auto message = std::move(waiting.front());
      waiting.pop_front();
      if (wanted(message)) return message;
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return {};
    const auto report = link_.read(left);
    if (!report) return {};
    const auto from = ctaphid::channel_of(*report);
    if (ctaphid::is_initial(*report)) {
      if (ctaphid::command_of(*report) == Command::keepalive ||
          ctaphid::message_size_of(*report) > ctaphid::kMaxMessageSize)
        continue;
      arriving_.insert_or_assign(from, ctaphid::Assembler{*report});
    } else if (const auto open = arriving_.find(from);
               open == arriving_.end() || !open->second.add(*report)) {
      continue;
    }
    if (const auto open = arriving_.find(from); open->second.complete()) {
      inbox_[from].push_back({static_cast<std::uint8_t>(open->second.command()), open->second.take()});
      arriving_.erase(open);
    }
  }
}

const RecordedStep* Replay::recorded_answer(const RecordedStep& request) const {
  const auto& steps = recording_.steps;
  const auto at = steps.begin() + (&request - steps.data());
  const auto next = std::find_if(at, steps.end(), [&](const RecordedStep& one) {
    return one.kind == RecordedStep::Kind::answer && one.channel == request.channel;
  });
  return next != steps.end() ? &*next : nullptr;
}

/// Of a request that the key refused then, what it is bound to does not matter: it is sent to be refused
/// again.
std::string Replay::why_not(const RecordedStep& step, const Json& request) const {
  const auto* const answer = recorded_answer(step);
  if (answer == nullptr || answer->message.empty() || answer->command != step.command ||
      step.command != static_cast<std::uint8_t>(Command::cbor) || answer->message[0] != 0)
    return {};
  const auto other_agreement = [&](const Json& protocol) {
    const auto found = agreement_.find(protocol.is_number_unsigned() ? protocol.get<std::uint64_t>() : 1);
    return found != agreement_.end() && found->second == Bound::other;
  };
  constexpr const char* kOtherAgreement =
      "it is encrypted under the secret that the recording's host shared with its key, and this key's "
      "agreement key "
      "is another (a key of the same --seed has the same one)";
  if (member(request, "/parameters/keyAgreement").is_object() &&
      other_agreement(member(request, "/parameters/pinUvAuthProtocol")))
    return kOtherAgreement;
  for (const char* extension :
       {"/parameters/extensions/hmac-secret", "/parameters/extensions/hmac-secret-mc"}) {
    const auto input = member(request, extension);
    if (input.is_object() && other_agreement(input.value("pinUvAuthProtocol", Json{})))
      return kOtherAgreement;
  }
  const auto param = member(request, "/parameters/pinUvAuthParam");
  if (param.is_string() && !param.get<std::string>().empty() && token_ != Bound::same) {
    return token_ == Bound::other
               ? "its pinUvAuthParam is by the recording's pinUvAuthToken, and this key gave another one"
               : "its pinUvAuthParam is by a pinUvAuthToken that was given before the recording began";
  }
  return {};
}

/// Whether the key agreed and gave tokens as the recording's did. `live` is null where it was not asked.
void Replay::note_secrets(const Json& request, const Json& recorded, const Json& live) {
  if (request.value("command", "") != "clientPIN" || !is_ok(recorded)) return;
  if (const auto key = member(recorded, "/response/keyAgreement"); key.is_object()) {
    const auto protocol = member(request, "/parameters/pinUvAuthProtocol");
    if (protocol.is_number_unsigned()) {
      const bool same = member(live, "/response/keyAgreement") == key;
      agreement_[protocol.get<std::uint64_t>()] = same ? Bound::same : Bound::other;
    }
  }
  if (const auto token = member(recorded, "/response/pinUvAuthToken"); token.is_string())
    token_ = member(live, "/response/pinUvAuthToken") == token ? Bound::same : Bound::other;
}

void Replay::wait_for(double seconds) {
  if (!options_.timing) return;
  const auto now = std::chrono::steady_clock::now();
  const auto since =
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds));
  if (!began_) began_ = now - since;
  std::this_thread::sleep_until(*began_ + since);
}

}  // namespace fauxkey::control
