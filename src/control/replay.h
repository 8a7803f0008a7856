// Plays the host's side of a recording against a key, and compares what the key answers.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/recording.h"
#include "control/trace_decoder.h"
#include "ctaphid/assembler.h"
#include "transport/host_link.h"

namespace fauxkey::control {

/// Identifiers that a key chooses at random: those of the recording, with those that the new key gave in
/// their place.
class IdMap {
 public:
  void learn(const Bytes& recorded, const Bytes& live);
  /// Learns from two answers that say the same: credential ids, key handles, template ids.
  void learn(const Json& recorded, const Json& live);
  /// The request with the new key's ids in it; as it is where nothing is to be replaced.
  [[nodiscard]] Bytes translated(ctaphid::Command command, const Bytes& request) const;
  /// Whether a hex text of the recording means this one of the new key.
  [[nodiscard]] bool same(const std::string& recorded, const std::string& live) const;

 private:
  std::map<Bytes, Bytes> ids_;
  std::map<std::string, std::string> as_hex_;
};

/// What two decoded answers say differently.
struct Difference {
  std::string member;  ///< "response.authData.flags"
  std::string recorded;
  std::string live;
};
struct Comparison {
  std::vector<Difference> differences;
  /// Members that differ as they must between two keys or runs: signatures, keys, counters.
  std::vector<std::string> left_out;
};
[[nodiscard]] Comparison compare(const Json& recorded, const Json& live, const IdMap& ids);

struct ReplayedMessage {
  enum class Verdict : std::uint8_t { same, different, not_replayed };
  Verdict verdict = Verdict::same;
  std::string command;  ///< "clientPIN getKeyAgreement"
  std::string status;   ///< the recorded one's name; empty where an answer has none
  Comparison comparison;
  std::string reason;  ///< why it was not replayed
};

class Replay {
 public:
  struct Options {
    bool timing = false;                         ///< keep the recorded pauses
    std::chrono::milliseconds patience{40'000};  ///< for an answer; a person has 30 s
  };
  /// Told of each message of the recording.
  using OnMessage = std::function<void(const ReplayedMessage&)>;

  Replay(const Recording& recording, transport::HostLink& link, const Options& options)
      : recording_{recording}, link_{link}, options_{options} {}

  /// Throws std::runtime_error where the key goes away.
  void run(const OnMessage& on_message);

 private:
  struct Message {
    std::uint8_t command = 0;
    Bytes payload;
  };
  struct Asked {
    Json request;        ///< decoded, as recorded
    std::string reason;  ///< why it was not sent; empty: it was
  };
  enum class Bound : std::uint8_t { unknown, same, other };  ///< of two keys' secrets

  void send(const RecordedStep& step);
  void send_packets(const std::vector<transport::Report>& packets, std::uint32_t channel);
  void receive_answer(const RecordedStep& step, const OnMessage& on_message);
  [[nodiscard]] std::uint32_t live_channel(const RecordedStep& step);
  [[nodiscard]] std::optional<std::uint32_t> open_channel();
  [[nodiscard]] std::optional<Message> receive(std::uint32_t channel, ByteView nonce = {});
  [[nodiscard]] const RecordedStep* recorded_answer(const RecordedStep& request) const;
  /// Why the request means nothing to this key; empty where it does.
  [[nodiscard]] std::string why_not(const RecordedStep& step, const Json& request) const;
  void note_secrets(const Json& request, const Json& recorded, const Json& live);
  void wait_for(double seconds);

  const Recording& recording_;
  transport::HostLink& link_;
  Options options_;
  std::optional<std::chrono::steady_clock::time_point> began_;
  TraceDecoder recorded_decoder_;
  TraceDecoder live_decoder_;
  IdMap ids_;
  std::map<std::uint32_t, std::uint32_t> channels_;  ///< recorded to live
  std::map<std::uint32_t, Asked> asked_;             ///< by recorded channel
  std::map<std::uint32_t, std::deque<Message>> inbox_;
  std::map<std::uint32_t, ctaphid::Assembler> arriving_;
  std::map<std::uint64_t, Bound> agreement_;  ///< by PIN/UV auth protocol
  Bound token_ = Bound::unknown;
};

}  // namespace fauxkey::control
