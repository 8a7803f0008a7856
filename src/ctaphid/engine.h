// CTAPHID's rules (CTAP 2.3, 11.2) as a state machine without threads and clocks: reports, answers and the
// time go in; reports and orders to whoever processes requests come out.
//
// One transaction is under way at a time, for the whole device (11.2.5.1 "Arbitration"):
//   assembling ──all packets──▶ processing ──answer──▶ answering ──last report taken──▶ (none)
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string_view>

#include "ctaphid/assembler.h"
#include "ctaphid/channels.h"
#include "ctaphid/packet.h"
#include "fauxkey/virtual_key.h"

namespace fauxkey::ctaphid {

/// Seen from the key.
enum class Direction : std::uint8_t { in, out };

/// Names one request of a host that somebody has to process.
using ExchangeId = std::uint64_t;

struct Request {
  ExchangeId exchange = 0;
  std::uint32_t channel = 0;
  Command command{};  ///< cbor or msg
  Bytes message;
};

/// What the caller is to do now.
struct Effects {
  std::optional<ExchangeId> abandon;  ///< stop this one; its answer is no longer wanted
  std::optional<ExchangeId> cancel;   ///< stop this one; its answer is still wanted
  std::optional<Request> start;       ///< process this one, after what was abandoned has ended
  bool wink = false;                  ///< show the person which key it is
};

class Engine {
 public:
  static constexpr std::chrono::milliseconds kKeepaliveInterval{100};
  static constexpr std::chrono::seconds kMaxLock{10};
  /// Short replies that wait to be taken; further ones are lost, as they would be in a host's own queue.
  static constexpr std::size_t kMaxReplies = 128;

  struct Settings {
    /// Major, minor and build number that CTAPHID_INIT tells.
    std::array<std::uint8_t, 3> device_version{0, 1, 0};
    std::uint32_t channel_seed = 0;
    transport::Pacing pacing;
    bool cbor = true;  ///< otherwise the key speaks U2F alone
    bool msg = true;   ///< otherwise the key does not speak U2F
    /// From one packet of a message to the next.
    std::chrono::milliseconds packet_timeout{500};
    /// The key's own time, by which a lock ends; nothing: as hosts' time. All else is by hosts' time, for
    /// they wait by it.
    std::function<Time()> key_time{};
  };
  /// Sees each whole message, as it came or as it is about to go.
  using OnMessage =
      std::function<void(Direction, std::uint32_t channel, std::uint8_t command, ByteView payload)>;

  /// Sees why the message on that channel that it sees next refuses what came.
  using OnRefusal = std::function<void(std::uint32_t channel, std::string_view why)>;

  explicit Engine(const Settings& settings, OnMessage on_message = {}, OnRefusal on_refusal = {});

  [[nodiscard]] Effects on_report(const Report& report, Time now);
  /// Why the request takes its time. Ignored for a request that is not the current one.
  void on_waiting(ExchangeId exchange, Waiting waiting, Time now);
  /// The answer to a request; one that is no message (empty, or too large) becomes CTAPHID_ERROR. `why`: of
  /// an answer that refuses.
  void on_answer(ExchangeId exchange, Bytes answer, std::string_view why = {});
  /// Ends a request by CTAPHID_ERROR or, without one, by nothing at all.
  void on_no_answer(ExchangeId exchange, std::optional<Error> error);
  /// Does what is due. Reports that have come by `now` should have been given before.
  void on_timer(Time now);
  /// When `on_timer` or `next_report` has something to do without a further event.
  [[nodiscard]] std::optional<Time> next_deadline() const;
  /// Whether a part of an answer has not been taken yet.
  [[nodiscard]] bool answering() const { return transaction_ && transaction_->phase == Phase::answering; }
  /// The next report for the hosts; nothing while there is none, or a long answer pauses.
  [[nodiscard]] std::optional<Report> next_report(Time now);

 private:
  enum class Phase : std::uint8_t { assembling, processing, answering };
  struct Transaction {
    std::uint32_t channel = 0;
    Phase phase = Phase::assembling;
    Assembler assembler;
    Time deadline;  ///< assembling: of the next packet; processing: of the next keepalive
    ExchangeId exchange = 0;
    Waiting waiting = Waiting::processing;
    Bytes answer;
    std::size_t next_packet = 0;
    Time resume;  ///< answering: no packet before then
  };

  void on_continuation(const Report& report, Time now, Effects& effects);
  void on_init(const Report& report, Time now, Effects& effects);
  void on_cancel(std::uint32_t channel, Effects& effects) const;
  void on_request(const Report& report, Time now, Effects& effects);
  [[nodiscard]] Time key_time(Time now) const { return settings_.key_time ? settings_.key_time() : now; }
  void dispatch(Transaction& current, Time now, Effects& effects);
  [[nodiscard]] static bool sends_keepalives(const Transaction& transaction);
  void end_transaction(Effects& effects);
  void expire(Time now);

  void answer(Transaction& current, Command command, Bytes payload);
  void reply(std::uint32_t channel, Command command, ByteView payload);
  void reply_error(std::uint32_t channel, Error error, std::string_view why);
  void explain(std::uint32_t channel, std::string_view why) const;
  void tell(Direction direction, std::uint32_t channel, Command command, ByteView payload) const;

  Settings settings_;
  OnMessage on_message_;
  OnRefusal on_refusal_;
  Channels channels_;
  std::optional<Transaction> transaction_;
  ExchangeId last_exchange_ = 0;
  std::deque<Report> replies_;
};

}  // namespace fauxkey::ctaphid
