#include "ctaphid/engine.h"

#include <algorithm>
#include <string>
#include <utility>

namespace fauxkey::ctaphid {
namespace {

constexpr std::uint8_t kProtocolVersion = 2;  // 11.2.9.1.3
constexpr std::size_t kNonceSize = 8;

/// The requests that take a transaction, and the sizes of their messages (11.2.9).
struct Row {
  Command command;
  std::size_t min_size;
  std::size_t max_size;
};
constexpr std::array<Row, 5> kRequests{{
    {Command::ping, 0, kMaxMessageSize},
    {Command::msg, 1, kMaxMessageSize},
    {Command::cbor, 1, kMaxMessageSize},
    {Command::wink, 0, 0},
    {Command::lock, 1, 1},
}};

constexpr const char* kUnknownChannel =
    "11.2.9.1.3: the channel was not given out by CTAPHID_INIT, or long ago";
constexpr const char* kLocked = "11.2.9.2.2: another channel holds the lock";
constexpr const char* kBusy = "11.2.5.1: another channel's request is being received or answered";

const Row* find_request(Command command) {
  const auto* const row = std::find_if(kRequests.begin(), kRequests.end(),
                                       [command](const Row& one) { return one.command == command; });
  return row == kRequests.end() ? nullptr : row;
}

}  // namespace

Engine::Engine(const Settings& settings, OnMessage on_message, OnRefusal on_refusal)
    : settings_{settings},
      on_message_{std::move(on_message)},
      on_refusal_{std::move(on_refusal)},
      channels_{settings.channel_seed} {}

Effects Engine::on_report(const Report& report, Time now) {
  Effects effects;
  const std::uint32_t channel = channel_of(report);
  // A late packet of the message itself is taken as long as nobody has noticed, and INIT tidies up anyway.
  const bool begins_anew = is_initial(report) && command_of(report) != Command::init;
  if (transaction_ && (transaction_->channel != channel || begins_anew)) expire(now);

  if (!is_initial(report)) {
    on_continuation(report, now, effects);
  } else if (command_of(report) == Command::init && channel != kReservedChannel) {
    on_init(report, now, effects);
  } else if (channel == kReservedChannel || channel == kBroadcastChannel) {
    reply_error(channel, Error::invalid_channel,
                channel == kReservedChannel ? "11.2.4: channel 0 is reserved"
                                            : "11.2.4: the broadcast channel is for CTAPHID_INIT alone");
  } else if (!channels_.touch(channel)) {
    reply_error(channel, Error::invalid_channel, kUnknownChannel);
  } else if (command_of(report) == Command::cancel) {
    on_cancel(channel, effects);
  } else {
    on_request(report, now, effects);
  }
  return effects;
}

void Engine::on_continuation(const Report& report, Time now, Effects& effects) {
  // Without a message that it continues the packet is ignored (11.2.5.4 "Transaction abort").
  if (!transaction_ || transaction_->channel != channel_of(report) ||
      transaction_->phase != Phase::assembling) {
    return;
  }
  if (!transaction_->assembler.add(report)) {
    transaction_.reset();
    reply_error(channel_of(report), Error::invalid_seq,
                "11.2.5.4: the continuation packet has the sequence number " +
                    std::to_string(sequence_of(report)) + ", not the next one");
    return;
  }
  transaction_->deadline = now + settings_.packet_timeout;
  if (transaction_->assembler.complete()) dispatch(*transaction_, now, effects);
}

/// CTAPHID_INIT (11.2.9.1.3). On the broadcast channel it gives out a new channel, whoever is busy or holds
/// the lock: it disturbs nobody. On a channel of its own it discards that channel's transaction. The lock is
/// for keeping other channels from being served, so it withholds this second kind from them.
void Engine::on_init(const Report& report, Time now, Effects& effects) {
  std::uint32_t channel = channel_of(report);
  if (channel != kBroadcastChannel) {
    if (!channels_.touch(channel)) return reply_error(channel, Error::invalid_channel, kUnknownChannel);
    if (channels_.locked_by_other(channel, key_time(now)))
      return reply_error(channel, Error::channel_busy, kLocked);
    if (transaction_ && transaction_->channel != channel)
      return reply_error(channel, Error::channel_busy, kBusy);
    end_transaction(effects);
  }
  if (message_size_of(report) != kNonceSize)
    return reply_error(channel, Error::invalid_len, "11.2.9.1.3: CTAPHID_INIT takes a nonce of 8 bytes");

  const ByteView nonce = initial_payload_of(report);
  tell(Direction::in, channel, Command::init, nonce);
  if (channel == kBroadcastChannel) {
    channel =
        channels_.allocate(key_time(now), transaction_ ? std::optional{transaction_->channel} : std::nullopt);
  }
  Bytes payload{nonce.begin(), nonce.end()};
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    payload.push_back(static_cast<std::uint8_t>(channel >> (shift - 8)));
  }
  payload.push_back(kProtocolVersion);
  append(payload, settings_.device_version);
  // The specification has no flag for CTAPHID_LOCK, which some keys mark by 0x02: hosts find out by using it.
  payload.push_back(static_cast<std::uint8_t>(kCapabilityWink | (settings_.cbor ? kCapabilityCbor : 0) |
                                              (settings_.msg ? 0 : kCapabilityNoMsg)));
  reply(channel_of(report), Command::init, payload);
}

/// CTAPHID_CANCEL (11.2.9.1.5) has no reply of its own; the request that it ends has.
void Engine::on_cancel(std::uint32_t channel, Effects& effects) const {
  tell(Direction::in, channel, Command::cancel, {});
  if (transaction_ && transaction_->channel == channel && transaction_->phase == Phase::processing &&
      transaction_->assembler.command() == Command::cbor) {
    effects.cancel = transaction_->exchange;
  }
}

void Engine::on_request(const Report& report, Time now, Effects& effects) {
  const std::uint32_t channel = channel_of(report);
  if (channels_.locked_by_other(channel, key_time(now)))
    return reply_error(channel, Error::channel_busy, kLocked);
  if (transaction_) {
    if (transaction_->channel != channel) return reply_error(channel, Error::channel_busy, kBusy);
    if (transaction_->phase == Phase::assembling) {
      transaction_.reset();
      return reply_error(channel, Error::invalid_seq,
                         "11.2.5.4: a new message begins before the one before it was complete");
    }
    return reply_error(channel, Error::channel_busy,
                       "11.2.5.1: this channel's request before it is still being answered");
  }
  const std::size_t size = message_size_of(report);
  if (size > kMaxMessageSize) {
    return reply_error(channel, Error::invalid_len,
                       "11.2.4: the message would have " + std::to_string(size) + " bytes, more than 7609");
  }
  const Row* const row = find_request(command_of(report));
  if (row == nullptr || (row->command == Command::cbor && !settings_.cbor) ||
      (row->command == Command::msg && !settings_.msg)) {
    return reply_error(
        channel, Error::invalid_cmd,
        "11.2.9: there is no CTAPHID command " + std::to_string(static_cast<unsigned>(command_of(report))));
  }
  if (size < row->min_size || size > row->max_size) {
    return reply_error(channel, Error::invalid_len,
                       "11.2.9: a message of " + std::to_string(size) + " bytes does not fit the command");
  }

  transaction_.emplace(Transaction{.channel = channel,
                                   .assembler = Assembler{report},
                                   .deadline = now + settings_.packet_timeout,
                                   .answer = {},
                                   .resume = {}});
  if (transaction_->assembler.complete()) dispatch(*transaction_, now, effects);
}

/// The transaction's message is complete.
void Engine::dispatch(Transaction& current, Time now, Effects& effects) {
  const Command command = current.assembler.command();
  Bytes message = current.assembler.take();
  tell(Direction::in, current.channel, command, message);

  if (command == Command::ping) {
    answer(current, command, std::move(message));
  } else if (command == Command::wink) {
    effects.wink = true;
    answer(current, command, {});
  } else if (command == Command::lock) {
    const std::chrono::seconds duration{message.front()};
    if (duration > kMaxLock) {
      explain(current.channel, "11.2.9.2.2: a lock is for 10 s at most");
      return answer(current, Command::error, {static_cast<std::uint8_t>(Error::invalid_par)});
    }
    channels_.lock(current.channel, duration, key_time(now));
    answer(current, command, {});
  } else {
    current.phase = Phase::processing;
    current.exchange = ++last_exchange_;
    current.deadline = now + kKeepaliveInterval;
    effects.start = Request{.exchange = current.exchange,
                            .channel = current.channel,
                            .command = command,
                            .message = std::move(message)};
  }
}

void Engine::end_transaction(Effects& effects) {
  if (!transaction_) return;
  if (transaction_->phase == Phase::processing) effects.abandon = transaction_->exchange;
  transaction_.reset();
}

void Engine::on_waiting(ExchangeId exchange, Waiting waiting, Time now) {
  if (!transaction_ || transaction_->phase != Phase::processing || transaction_->exchange != exchange) return;
  if (transaction_->waiting == waiting) return;
  transaction_->waiting = waiting;
  if (!sends_keepalives(*transaction_)) return;
  transaction_->deadline = now;
  on_timer(now);
}

void Engine::on_answer(ExchangeId exchange, Bytes bytes, std::string_view why) {
  if (!transaction_ || transaction_->phase != Phase::processing || transaction_->exchange != exchange) return;
  if (bytes.empty() || bytes.size() > kMaxMessageSize) {
    explain(transaction_->channel, bytes.empty() ? "the key gave no answer" : "the key's answer is too long");
    answer(*transaction_, Command::error, {static_cast<std::uint8_t>(Error::other)});
  } else {
    if (!why.empty()) explain(transaction_->channel, why);
    answer(*transaction_, transaction_->assembler.command(), std::move(bytes));
  }
}

void Engine::on_no_answer(ExchangeId exchange, std::optional<Error> error) {
  if (!transaction_ || transaction_->phase != Phase::processing || transaction_->exchange != exchange) return;
  if (error) {
    explain(transaction_->channel, "a fault that was asked for");
    answer(*transaction_, Command::error, {static_cast<std::uint8_t>(*error)});
  } else {
    transaction_.reset();
  }
}

/// U2F knows no keepalives, and Chromium takes one for a wrong answer to its CTAPHID_MSG; U2F's answers come
/// within its 200 ms anyway.
bool Engine::sends_keepalives(const Transaction& transaction) {
  return transaction.phase == Phase::processing && transaction.assembler.command() == Command::cbor;
}

void Engine::on_timer(Time now) {
  expire(now);
  if (transaction_ && sends_keepalives(*transaction_) && now >= transaction_->deadline) {
    transaction_->deadline = now + kKeepaliveInterval;
    if (transaction_->waiting == Waiting::silent) return;
    const auto status = static_cast<std::uint8_t>(transaction_->waiting);
    reply(transaction_->channel, Command::keepalive, ByteView{&status, 1});
  }
}

/// A message that was not continued in time frees the device for others.
void Engine::expire(Time now) {
  if (!transaction_ || transaction_->phase != Phase::assembling || now < transaction_->deadline) return;
  const std::uint32_t channel = transaction_->channel;
  transaction_.reset();
  reply_error(channel, Error::msg_timeout,
              "11.2.5.2: the message's next packet did not come within " +
                  std::to_string(settings_.packet_timeout.count()) + " ms");
}

std::optional<Time> Engine::next_deadline() const {
  if (!transaction_) return std::nullopt;
  if (transaction_->phase == Phase::answering) return transaction_->resume;
  if (transaction_->phase == Phase::processing && !sends_keepalives(*transaction_)) return std::nullopt;
  return transaction_->deadline;
}

std::optional<Report> Engine::next_report(Time now) {
  // Short replies first: a keepalive of this transaction was queued before its answer came.
  if (!replies_.empty()) {
    const Report report = replies_.front();
    replies_.pop_front();
    return report;
  }
  if (!transaction_ || transaction_->phase != Phase::answering || now < transaction_->resume)
    return std::nullopt;

  Transaction& current = *transaction_;
  const Report report =
      make_packet(current.channel, current.assembler.command(), current.answer, current.next_packet++);
  if (current.next_packet == packet_count(current.answer.size())) {
    transaction_.reset();
  } else if (settings_.pacing.reports > 0 && current.next_packet % settings_.pacing.reports == 0) {
    current.resume = now + std::chrono::duration_cast<Time::duration>(settings_.pacing.pause);
  }
  return report;
}

/// Ends the transaction by an answer: a single report at once, a longer one as the reports are taken.
void Engine::answer(Transaction& current, Command command, Bytes payload) {
  if (packet_count(payload.size()) == 1) {
    const std::uint32_t channel = current.channel;
    transaction_.reset();
    return reply(channel, command, payload);
  }
  tell(Direction::out, current.channel, command, payload);
  current.phase = Phase::answering;
  current.answer = std::move(payload);
  current.next_packet = 0;
  current.resume = {};
}

void Engine::reply(std::uint32_t channel, Command command, ByteView payload) {
  if (replies_.size() >= kMaxReplies) return;
  tell(Direction::out, channel, command, payload);
  replies_.push_back(make_packet(channel, command, payload, 0));
}

void Engine::reply_error(std::uint32_t channel, Error error, std::string_view why) {
  if (replies_.size() >= kMaxReplies) return;
  const auto code = static_cast<std::uint8_t>(error);
  explain(channel, why);
  reply(channel, Command::error, ByteView{&code, 1});
}

void Engine::explain(std::uint32_t channel, std::string_view why) const {
  if (on_refusal_) on_refusal_(channel, why);
}

void Engine::tell(Direction direction, std::uint32_t channel, Command command, ByteView payload) const {
  if (on_message_) on_message_(direction, channel, static_cast<std::uint8_t>(command), payload);
}

}  // namespace fauxkey::ctaphid
