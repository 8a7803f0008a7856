// One key of the daemon: its store, clock, user and the devices by which hosts reach it, under a name.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "control/bench_store.h"
#include "control/event_hub.h"
#include "control/faults/rules.h"
#include "control/key_options.h"
#include "control/snapshots.h"
#include "control/sources.h"
#include "ctaphid/device.h"
#include "fauxkey/virtual_key.h"
#include "user/prompt_board.h"
#include "user/scripted_gate.h"

namespace fauxkey::control {

/// What all keys of a daemon share; all of it outlives them.
struct Surroundings {
  EventHub& events;
  user::PromptBoard& prompts;
  /// Whether anybody can hear events. Otherwise no credential is read to tell of it.
  bool heard = true;
  /// What sees a device's packets and messages.
  std::function<ctaphid::Observer(const std::string& key, const std::string& address)> observer;
  std::string socket_folder;  ///< for "unix" without a path
  /// What all keys attest under; nothing: each has its own.
  std::shared_ptr<const AttestationRoot> attestation_root{};
  std::filesystem::path persona_folder{};  ///< of the user's own files; may be empty
  /// Who asks a person for a key of this name, besides the board; nothing: nobody does.
  std::function<std::unique_ptr<UserGate>(const std::string& key, Clock&)> gate{};
};

class LiveKey {
 public:
  /// Makes the store of the daemon's own key, or of a copy; nothing: one in memory.
  using MakeStore = std::function<std::unique_ptr<BenchStore>(Random&, Clock&)>;
  /// A new key, not plugged in yet. Throws BadRequest for options that do not go together, std::runtime_error
  /// where the store cannot be used.
  LiveKey(KeyOptions options, Surroundings& surroundings, const MakeStore& make_store = {});
  ~LiveKey();
  LiveKey(const LiveKey&) = delete;
  LiveKey& operator=(const LiveKey&) = delete;

  /// A copy of it in memory under another name, a cloned authenticator, with what it holds now (its own
  /// store) or held (a snapshot).
  [[nodiscard]] std::shared_ptr<LiveKey> fork(const std::string& name, std::vector<std::string> transports,
                                              BenchStore& held);
  /// It holds what it held, and begins with that as after a power cycle, though it stays plugged in. Throws
  /// HttpError 404 where there is no such snapshot, KeyBusy.
  void restore(const std::string& snapshot);

  /// Throws std::invalid_argument for a transport that is none, transport::TransportUnavailable and
  /// std::runtime_error where it cannot be had. A key that is plugged in already stays so.
  void plug_in();
  /// Requests of hosts end without an answer.
  void unplug();
  /// Out and in again.
  void power_cycle();
  /// Where hosts find it; empty while it is unplugged.
  [[nodiscard]] std::vector<std::string> addresses() const;

  [[nodiscard]] const std::string& name() const { return options_.name; }
  [[nodiscard]] const KeyOptions& options() const { return options_; }
  [[nodiscard]] std::string serial() const;
  [[nodiscard]] VirtualKey& key() { return *key_; }
  [[nodiscard]] BenchStore& store() { return *store_; }
  [[nodiscard]] Snapshots& snapshots() { return snapshots_; }
  [[nodiscard]] AdjustableClock& clock() { return sources_.clock; }
  [[nodiscard]] Random& random() { return *sources_.random; }
  [[nodiscard]] user::ScriptedGate& gate() { return *gate_; }
  [[nodiscard]] faults::Rules& faults() { return faults_; }

 private:
  [[nodiscard]] std::unique_ptr<ctaphid::Device> plug_in(const std::string& spec);
  /// For a device's own thread, which cannot wait for its end.
  void unplug_soon();
  void tell(const char* event, const Json& data = Json::object()) const;

  KeyOptions options_;
  Surroundings& surroundings_;
  Sources sources_;
  std::unique_ptr<BenchStore> store_;
  Snapshots snapshots_;
  std::unique_ptr<user::ScriptedGate> gate_;
  std::unique_ptr<VirtualKey> key_;

  faults::Rules faults_;
  mutable std::mutex plugging_;
  std::vector<std::unique_ptr<ctaphid::Device>> devices_;
  bool used_ = false;  ///< it has been plugged in before
  std::mutex soon_;
  std::jthread unplugging_;
};

}  // namespace fauxkey::control
