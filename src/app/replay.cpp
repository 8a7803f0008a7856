#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>

#include "app/commands.h"
#include "app/error.h"
#include "app/process.h"
#include "app/run_options.h"
#include "app/text.h"
#include "control/replay.h"
#include "control/sources.h"
#include "control/stand_in.h"
#include "ctaphid/device.h"
#include "fauxkey/status.h"
#include "fauxkey/virtual_key.h"
#include "keystore/memory_store.h"
#include "transport/host_link.h"
#include "user/policy_gates.h"

namespace fauxkey::app {
namespace {

using control::Json;
using control::Recording;
using control::ReplayedMessage;

struct ReplayOptions {
  std::string file;
  std::string to;      ///< empty: a key in this process
  std::string as_key;  ///< a transport; empty: play the host
  std::string device;
  bool timing = false;
  bool json = false;
  KeyChoice key_choice;
  KeyConfig key;
  std::optional<std::string> pin;
  std::optional<std::uint64_t> seed;
};

Recording read(const ReplayOptions& options) {
  std::ifstream file{options.file};
  if (!file)
    throw Failure{"There is no trace that can be read at " + options.file +
                  ": give what fauxkey run --trace wrote."};
  auto recording = control::read_recording(file, options.device);
  for (const auto& other : recording.other_devices)
    spdlog::info("The trace holds {} too, which --device {} replays.", other, other);
  if (!recording.complete)
    spdlog::warn("The trace says that it left something out: what follows there may be answered otherwise.");
  if (recording.redacted) {
    spdlog::info(
        "Secrets of the trace stand as zeros, so large blobs cannot be written as they were: record with "
        "--trace-secrets for that.");
  }
  return recording;
}

/// A new key, in memory, behind a socket of its own in a folder that goes with it.
class OwnKey {
 public:
  explicit OwnKey(const ReplayOptions& options)
      : sources_{options.seed},
        store_{sources_.clock},
        key_{config_of(options), Ports{store_, gate_, sources_.clock, *sources_.random}} {
    if (options.pin) {
      const std::string& pin = *options.pin;
      key_.set_pin({reinterpret_cast<const std::uint8_t*>(pin.data()), pin.size()});
    }
    std::string folder = (std::filesystem::temp_directory_path() / "fauxkey-replay-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr)
      throw Failure{"No folder could be made in " + std::filesystem::temp_directory_path().string() +
                    ": see that its disk has room."};
    folder_ = folder;
    ctaphid::Handlers handlers{
        .cbor = [this](ByteView message,
                       const Exchange& exchange) { return key_.process_cbor(message, exchange); },
        .msg = [this](ByteView apdu, const Exchange& exchange) { return key_.process_apdu(apdu, exchange); },
        .wink = {}};
    if (!options.key.ctap) handlers.cbor = {};
    if (!options.key.persona.features.u2f) handlers.msg = {};
    ctaphid::Device::Settings settings;
    settings.channel_seed = sources_.channel_seed;
    ctaphid::Observer observer;
    observer.refusal = [this](std::uint32_t /*channel*/, std::string_view why) {
      const std::scoped_lock lock{mutex_};
      why_ = why;
    };
    device_ = std::make_unique<ctaphid::Device>(
        transport::open_transport("unix:" + (folder_ / "key.sock").string()), std::move(handlers),
        std::move(observer), settings);
    device_->start();
  }
  ~OwnKey() {
    device_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  OwnKey(const OwnKey&) = delete;
  OwnKey& operator=(const OwnKey&) = delete;

  [[nodiscard]] std::string address() const { return device_->address(); }
  /// Why it refused since this was last asked; empty where it did not.
  [[nodiscard]] std::string take_why() {
    const std::scoped_lock lock{mutex_};
    return std::exchange(why_, {});
  }

 private:
  static KeyConfig config_of(const ReplayOptions& options) {
    auto config = options.key;
    config.repeatable = options.seed.has_value();
    return config;
  }

  control::Sources sources_;
  MemoryStore store_;
  user::AutoGate gate_;
  VirtualKey key_;
  std::filesystem::path folder_;
  std::mutex mutex_;
  std::string why_;
  std::unique_ptr<ctaphid::Device> device_;
};

const char* name_of(ReplayedMessage::Verdict verdict) {
  switch (verdict) {
    case ReplayedMessage::Verdict::same:
      return "same";
    case ReplayedMessage::Verdict::different:
      return "different";
    case ReplayedMessage::Verdict::not_replayed:
      return "not replayed";
  }
  return "";
}

/// `why`: the new key's reason, where it refuses and is known.
void print(const ReplayedMessage& message, const std::string& why) {
  std::cout << name_of(message.verdict) << "  " << shown(message.command)
            << (message.status.empty() ? "" : ", " + message.status) << '\n';
  for (const auto& one : message.comparison.differences)
    std::cout << "  " << shown(one.member) << ": was " << one.recorded << ", is " << one.live << '\n';
  if (!why.empty() && message.verdict == ReplayedMessage::Verdict::different)
    std::cout << "  the key says why: " << why << '\n';
  if (!message.reason.empty()) std::cout << "  " << message.reason << '\n';
  const auto left_out = listed(message.comparison.left_out, shown);
  if (!left_out.empty()) std::cout << "  not compared: " << left_out << '\n';
}

void print_json(const ReplayedMessage& message, const std::string& why) {
  Json differences = Json::array();
  for (const auto& one : message.comparison.differences)
    differences.push_back({{"member", one.member}, {"recorded", one.recorded}, {"live", one.live}});
  Json json{{"command", message.command},
            {"status", message.status},
            {"verdict", name_of(message.verdict)},
            {"differences", std::move(differences)},
            {"notCompared", message.comparison.left_out}};
  if (!message.reason.empty()) json["reason"] = message.reason;
  if (!why.empty()) json["why"] = why;
  std::cout << json.dump(-1, ' ', true, Json::error_handler_t::replace) << '\n';
}

int play_host(const ReplayOptions& options) {
  const auto recording = read(options);
  std::optional<OwnKey> own;
  try {
    if (options.to.empty()) own.emplace(options);
  } catch (const std::invalid_argument& error) {
    throw UsageError{std::string{"--pin: "} + error.what()};
  }
  transport::HostLink link{own ? own->address() : options.to};
  std::size_t same = 0;
  std::size_t different = 0;
  std::size_t not_replayed = 0;
  control::Replay replay{recording, link, {.timing = options.timing}};
  replay.run([&](const ReplayedMessage& message) {
    if (message.verdict == ReplayedMessage::Verdict::same) ++same;
    if (message.verdict == ReplayedMessage::Verdict::different) ++different;
    if (message.verdict == ReplayedMessage::Verdict::not_replayed) ++not_replayed;
    const auto why = own ? own->take_why() : std::string{};
    options.json ? print_json(message, why) : print(message, why);
  });
  if (!options.json) {
    std::cout << counted(same + different + not_replayed, "answer") << ": " << same << " same, " << different
              << " different, " << not_replayed << " not replayed\n";
  }
  finish_output();
  return different == 0 ? kDone : kFailed;
}

int play_key(const ReplayOptions& options) {
  const auto recording = read(options);
  control::StandIn stand_in{recording};
  std::mutex mutex;
  std::atomic<std::size_t> missing = 0;
  control::TraceDecoder decoder;
  const EndSignals signals;
  const auto answer = [&](ctaphid::Command command, ByteView request, const Exchange& exchange) {
    const std::scoped_lock lock{mutex};
    if (auto found = stand_in.answer(command, request)) return *std::move(found);
    ++missing;
    const auto shown_request = decoder.message(ctaphid::Direction::in, 0, exchange.channel,
                                               static_cast<std::uint8_t>(command), request);
    std::cout << "no answer for: " << shown_request.value("command", "") << ' '
              << shown_request.value("parameters", Json::object())
                     .dump(-1, ' ', true, Json::error_handler_t::replace)
              << '\n'
              << std::flush;
    if (exchange.on_refusal) exchange.on_refusal("the recording has no answer to this request");
    return command == ctaphid::Command::cbor ? Bytes{static_cast<std::uint8_t>(Status::other)}
                                             : Bytes{0x6F, 0x00};
  };
  ctaphid::Handlers handlers{
      .cbor = [&](ByteView message,
                  const Exchange& exchange) { return answer(ctaphid::Command::cbor, message, exchange); },
      .msg = [&](ByteView apdu,
                 const Exchange& exchange) { return answer(ctaphid::Command::msg, apdu, exchange); },
      .wink = {}};
  std::unique_ptr<transport::Transport> transport;
  try {
    transport = transport::open_transport(options.as_key, {.serial = "recording"});
  } catch (const std::invalid_argument& error) {
    throw UsageError{error.what()};
  }
  ctaphid::Device device{std::move(transport), std::move(handlers)};
  device.start();
  std::cout << "ready: " << device.address() << '\n' << std::flush;
  const char* const signal = signals.wait();
  spdlog::info("Ending, by {}.", signal);
  return missing == 0 ? kDone : kFailed;
}

void check(const ReplayOptions& options) {
  if (options.as_key.empty()) {
    if (!options.to.empty() && (options.pin || options.seed))
      throw UsageError{
          "--pin and --seed are for the key that replay makes itself: leave them out with --to."};
    return;
  }
  if (!options.to.empty() || options.timing || options.json || options.pin || options.seed) {
    throw UsageError{
        "--as-key stands in for a key: it goes with the trace and --device alone, not with --to, --timing, "
        "--json, "
        "--pin or --seed."};
  }
}

}  // namespace

void add_replay(CLI::App& program, Action& action) {
  auto& command = *program.add_subcommand(
      "replay",
      "Ask a key what a trace's host asked; say what it answers otherwise, or stand in for its key");
  const auto options = std::make_shared<ReplayOptions>();
  command.add_option("file", options->file, "What fauxkey run --trace wrote, as JSON Lines")
      ->type_name("FILE")
      ->required();
  command
      .add_option(
          "--to", options->to,
          "The key to ask: /dev/hidrawN, unix:PATH or udp:HOST:PORT (default: a new key in memory, which "
          "approves everything)")
      ->type_name("ADDRESS");
  command
      .add_option(
          "--as-key", options->as_key,
          "Be a key on this transport (uhid, unix:PATH, udp:HOST:PORT) that answers as the recorded one did")
      ->type_name("T");
  command.add_option("--device", options->device, "Which device of the trace (default: its first)")
      ->type_name("ADDRESS");
  command.add_flag("--timing", options->timing, "Keep the pauses between the recorded requests");
  command.add_flag("--json", options->json, "One JSON object for each answer");
  command.add_option("--pin", options->pin, "The new key starts with this PIN")->type_name("PIN");
  command
      .add_option(
          "--seed", options->seed,
          "The new key is the same as with fauxkey run --ephemeral --seed N, so that what PINs and tokens "
          "authenticate can be replayed")
      ->type_name("N");
  add_key_options(command, options->key, options->key_choice);
  command.callback([&action, options] {
    action = [options] {
      check(*options);
      take_persona(options->key_choice, options->key);
      return options->as_key.empty() ? play_host(*options) : play_key(*options);
    };
  });
}

}  // namespace fauxkey::app
