#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <memory>
#include <optional>

#include "app/attestation_root_file.h"
#include "app/commands.h"
#include "app/configuration.h"
#include "app/error.h"
#include "app/fault_options.h"
#include "app/notify.h"
#include "app/paths.h"
#include "app/process.h"
#include "app/prompting.h"
#include "app/run_options.h"
#include "app/text.h"
#include "control/control_server.h"
#include "control/event_feed.h"
#include "control/prompts.h"
#include "control/trace.h"
#include "crypto/p256.h"
#include "keystore/unlock_secret.h"
#include "personas/personas.h"

namespace fauxkey::app {
namespace {

std::unique_ptr<CredentialStore> make_store(const RunOptions& options, Random& random, Clock& clock) {
  if (options.ephemeral) {
    spdlog::info("The key is kept in memory only and gone when fauxkey ends.");
    return std::make_unique<MemoryStore>(clock);
  }
  auto store = open_store(options.store, true, random, clock);
  keystore::forget_unlock_secret(options.store.source());
  spdlog::info("The keystore is {}.", options.store.path().string());
  return store;
}

user::Presence presence_of(Approve approve) {
  switch (approve) {
    case Approve::automatic:
      spdlog::warn(
          "EVERY REQUEST IS APPROVED WITHOUT ASKING (--approve auto): whoever reaches this key can log in "
          "with it.");
      return user::Presence::approve;
    case Approve::deny:
      spdlog::info("Every request is refused (--approve deny).");
      return user::Presence::deny;
    case Approve::remote:
      spdlog::info("Requests are asked about over the control interface (--approve remote).");
      break;
    case Approve::ask:
      break;
  }
  return user::Presence::ask;
}

/// What new credentials may have, and what this machine's libraries leave out.
void log_key(const VirtualKey& key, const RunOptions& options) {
  if (const auto& persona = options.key.persona.name; persona != personas::kDefault)
    spdlog::info("The key is of the persona {}: its shape only, not the vendor's product.", persona);
  spdlog::info("Algorithms: {}.", listed(key.algorithms(), [](Algorithm one) { return name_of(one); }));
  if (options.key.ctap && options.key.newest_version == CtapVersion::fido_2_3)
    spdlog::info("The key names FIDO_2_3, which Firefox 153 takes for a U2F key: for that give --ctap 2.1.");
  if (options.seed) {
    spdlog::warn(
        "THE KEY IS NO SECRET (--seed {}): whoever knows the seed knows every private key of it. For tests "
        "alone.",
        *options.seed);
  }
}

/// The daemon's own key, under the name "main".
std::shared_ptr<control::LiveKey> make_key(const RunOptions& options, control::Surroundings& surroundings) {
  control::KeyOptions key;
  key.name = "main";
  key.transports = options.transports;
  key.config = options.key;
  if (options.pin) key.pin.emplace(*options.pin);
  key.serial = options.serial;
  key.seed = options.seed;
  key.user.presence = presence_of(options.approve);
  try {
    auto made =
        std::make_shared<control::LiveKey>(std::move(key), surroundings, [&](Random& random, Clock& clock) {
          return std::make_unique<control::BenchStore>(make_store(options, random, clock), clock);
        });
    log_key(made->key(), options);
    add_faults(made->faults(), options.faults);
    if (!made->faults().empty()) spdlog::warn("This key goes wrong on purpose (--fault).");
    return made;
  } catch (const control::BadRequest& error) {
    throw UsageError{std::string{"--pin: "} + error.what()};
  }
}

/// Nothing where each key has its own.
std::shared_ptr<const AttestationRoot> shared_attestation_root(const RunOptions& options) {
  if (options.attestation_root.empty()) return nullptr;
  SystemRandom random;
  const SystemClock clock;
  return open_attestation_root(options.attestation_root, random, clock);
}

user::PromptBoard::Observer prompt_events(control::EventHub& events) {
  return {
      .asked = [&](const auto& entry) { events.publish("prompt.asked", entry.key, control::to_json(entry)); },
      .answered =
          [&](const auto& entry, UserAnswer answer) {
            events.publish("prompt.answered", entry.key,
                           {{"id", entry.id}, {"answer", control::name_of(answer)}});
          }};
}

/// The control interface's socket that fauxkey.socket has made, where the options do not want another.
transport::FileDescriptor handed_over(const RunOptions& options) {
  auto socket = socket_of_service_manager();
  if (socket && !options.control.empty()) {
    spdlog::warn(
        "The control interface is where --control says, and nobody answers at the socket of fauxkey.socket: "
        "stop that with systemctl --user disable --now fauxkey.socket, or leave out --control.");
    socket.reset();
  }
  return socket;
}

/// A key needs none; what cannot do without one says later why there is none.
bool has_control(const RunOptions& options, const transport::FileDescriptor& socket) {
  if (options.control == "none") return false;
  if (socket || !options.control.empty() || options.keyless || options.approve == Approve::remote ||
      !runtime_folder().empty())
    return true;
  spdlog::info("There is no control interface: XDG_RUNTIME_DIR is not set, and --control is not given.");
  return false;
}

std::unique_ptr<control::ControlServer> start_control(const RunOptions& options,
                                                      transport::FileDescriptor socket,
                                                      const control::Api& api) {
  const auto folder = runtime_folder();
  const bool by_default = options.control.empty();
  try {
    if (!folder.empty()) std::filesystem::create_directories(folder);
    const auto token = folder / "control.token";
    auto server =
        socket ? std::make_unique<control::ControlServer>(std::move(socket), token, api)
               : std::make_unique<control::ControlServer>(
                     by_default ? "unix:" + (folder / "control.sock").string() : options.control, token, api);
    spdlog::info("The control interface is {}.", server->url());
    return server;
  } catch (const std::invalid_argument& error) {
    throw UsageError{error.what()};
  } catch (const std::exception& error) {
    // A second key of the same user is none the worse for it.
    if (!by_default || options.keyless || options.approve == Approve::remote) throw;
    spdlog::warn("There is no control interface: {}", error.what());
    return nullptr;
  }
}

int run(const RunOptions& options) {
  options.check();
  if (!options.debug) protect_memory();
  raise_file_limit();
  spdlog::info("fauxkey " FAUXKEY_VERSION ", P-256 by {}.", crypto::p256::implementation());

  // In this order, so that whatever uses another ends before it: control interface, keys, trace, events.
  auto socket = handed_over(options);
  const auto prompter = make_prompter(options);
  const bool heard = has_control(options, socket);
  control::EventHub events;
  user::PromptBoard prompts{prompt_events(events)};
  std::optional<control::Trace> trace;
  std::optional<control::Trace> feed;
  control::KeyRing keys{{.events = events,
                         .prompts = prompts,
                         .heard = heard,
                         .observer =
                             [&](const std::string& key, const std::string& address) {
                               auto told = feed ? feed->observer(key) : ctaphid::Observer{};
                               told.packet = {};  // messages are enough
                               told.instead = {};
                               return control::both(trace ? trace->observer(address) : ctaphid::Observer{},
                                                    std::move(told));
                             },
                         .socket_folder = runtime_folder().string(),
                         .attestation_root = shared_attestation_root(options),
                         .persona_folder = persona_folder(),
                         .gate = [&](const std::string& key, Clock& clock) -> std::unique_ptr<UserGate> {
                           if (!prompter) return nullptr;
                           return std::make_unique<user::PersonGate>(*prompter, key, clock);
                         }}};
  const auto key = options.keyless ? nullptr : make_key(options, keys.surroundings());
  // Ctrl-C ends a wait for the keystore's passphrase at once; from here on, where threads begin, it ends
  // things in order.
  const EndSignals signals;
  if (heard) feed.emplace(control::make_event_writer(events));
  if (!options.trace.empty()) trace.emplace(options.trace, options.trace_secrets);

  control::VirtualAuthenticators authenticators{keys, options.transports};
  if (key) {
    try {
      keys.adopt(key);
    } catch (const std::invalid_argument& error) {
      throw UsageError{error.what()};
    }
    for (const auto& address : key->addresses()) std::cout << "ready: " << address << '\n' << std::flush;
  }
  std::unique_ptr<control::ControlServer> control;
  if (heard) {
    control =
        start_control(options, std::move(socket),
                      {.keys = keys, .prompts = prompts, .events = events, .authenticators = authenticators});
  }
  if (control) std::cout << "control: " << control->url() << '\n' << std::flush;
  notify_service_manager("READY=1");

  const char* const signal = signals.wait();
  spdlog::info("Ending, by {}.", signal);
  notify_service_manager("STOPPING=1");
  return kDone;
}

}  // namespace

void add_run(CLI::App& program, Action& action) {
  auto& command = *program.add_subcommand(
      "run", "Be a security key, in the foreground, until Ctrl-C (SIGINT) or SIGTERM");
  const auto options = std::make_shared<RunOptions>();
  add_run_options(command, *options);
  const auto print = std::make_shared<bool>(false);
  command
      .add_flag("--print-config", *print,
                "Print what these options and the configuration file say, as such a file, and end")
      ->configurable(false);
  command.callback([&command, &action, options, print] {
    action = [&command, options, print] {
      if (!*print) {
        take_persona(options->key_choice, options->key);
        return run(*options);
      }
      std::cout << to_toml(command);
      finish_output();
      return static_cast<int>(kDone);
    };
  });
}

}  // namespace fauxkey::app
