#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <memory>
#include <optional>
#include <vector>

#include "app/commands.h"
#include "app/error.h"
#include "app/fault_options.h"
#include "app/notify.h"
#include "app/process.h"
#include "app/run_options.h"
#include "control/faults/wrap.h"
#include "control/trace.h"
#include "crypto/hash.h"
#include "crypto/p256.h"
#include "ctaphid/device.h"
#include "fauxkey/virtual_key.h"
#include "keystore/memory_store.h"
#include "keystore/unlock_secret.h"
#include "transport/transport.h"
#include "user/policy_gates.h"
#include "user/terminal_gate.h"

namespace fauxkey::app {
namespace {

std::unique_ptr<CredentialStore> make_store(const RunOptions& options, Random& random, Clock& clock) {
  if (options.ephemeral) {
    spdlog::info("The key is kept in memory only and gone when fauxkey ends.");
    return std::make_unique<MemoryStore>();
  }
  auto store = open_store(options.store, true, random, clock);
  keystore::forget_unlock_secret(options.store.source());
  spdlog::info("The keystore is {}.", options.store.path().string());
  return store;
}

std::unique_ptr<UserGate> make_gate(Approve approve, Clock& clock) {
  switch (approve) {
    case Approve::automatic:
      spdlog::warn(
          "EVERY REQUEST IS APPROVED WITHOUT ASKING (--approve auto): whoever reaches this key can log in "
          "with it.");
      return std::make_unique<user::AutoGate>();
    case Approve::deny:
      spdlog::info("Every request is refused (--approve deny).");
      return std::make_unique<user::DenyGate>();
    case Approve::ask:
      break;
  }
  spdlog::info("Requests are asked about at the terminal (--approve ask).");
  return std::make_unique<user::TerminalGate>(clock);
}

/// What new credentials may have, and what this machine's libraries leave out.
void log_algorithms(const VirtualKey& key) {
  std::string offered;
  for (const auto algorithm : key.algorithms())
    offered += (offered.empty() ? "" : ", ") + std::string{name_of(algorithm)};
  spdlog::info("Algorithms: {}.", offered);
}

/// The same for one keystore, whatever it is started with: of the attestation root, which is public.
std::string serial_of(const VirtualKey& key) {
  constexpr std::size_t kSerialBytes = 4;
  const auto hash = crypto::sha256(key.attestation_root());
  std::string serial(2 * kSerialBytes + 1, '\0');
  sodium_bin2hex(serial.data(), serial.size(), hash.data(), kSerialBytes);
  serial.pop_back();
  return serial;
}

std::unique_ptr<ctaphid::Device> plug_in(const std::string& spec, const transport::Identity& identity,
                                         VirtualKey& key, control::Trace* trace,
                                         control::faults::Rules& faults, Clock& clock) {
  auto transport = transport::open_transport(spec, identity);
  const auto address = transport->address();
  ctaphid::Handlers handlers{
      .cbor = [&key](ByteView message,
                     const Exchange& exchange) { return key.process_cbor(message, exchange); },
      .msg = [&key](ByteView apdu, const Exchange& exchange) { return key.process_apdu(apdu, exchange); },
      .wink = [address] { spdlog::info("A host asks which key this is: {} (wink).", address); }};
  auto wrapped = control::faults::wrap(
      std::move(transport), std::move(handlers), faults, key, clock,
      {.on_hit = [](auto rule, const auto& what) { spdlog::info("Fault {}: {}.", rule, what); },
       .unplug = [] { ::kill(::getpid(), SIGTERM); }});
  auto device =
      std::make_unique<ctaphid::Device>(std::move(wrapped.transport), std::move(wrapped.handlers),
                                        trace != nullptr ? trace->observer(address) : ctaphid::Observer{});
  device->start();
  return device;
}

int run(const RunOptions& options) {
  options.check();
  if (!options.debug) protect_memory();
  spdlog::info("fauxkey " FAUXKEY_VERSION ", P-256 by {}.", crypto::p256::implementation());

  // In this order, so that whatever uses another ends before it: devices, key, gate, store.
  SystemRandom random;
  SystemClock clock;
  const auto store = make_store(options, random, clock);
  // Ctrl-C ends a wait for the keystore's passphrase at once; from here on, where threads begin, it ends
  // things in order.
  const EndSignals signals;
  const auto gate = make_gate(options.approve, clock);
  VirtualKey key{options.key, Ports{*store, *gate, clock, random}};
  log_algorithms(key);
  if (options.key.newest_version == CtapVersion::fido_2_3)
    spdlog::info("The key names FIDO_2_3, which Firefox 153 takes for a U2F key: for that give --ctap 2.1.");
  if (options.pin) {
    const std::string& pin = *options.pin;
    try {
      key.set_pin({reinterpret_cast<const std::uint8_t*>(pin.data()), pin.size()});
    } catch (const std::invalid_argument& error) {
      throw UsageError{std::string{"--pin: "} + error.what()};
    }
  }
  std::optional<control::Trace> trace;
  if (!options.trace.empty()) trace.emplace(options.trace);

  const transport::Identity identity{.serial = options.serial.empty() ? serial_of(key) : options.serial};
  control::faults::Rules faults;
  add_faults(faults, options.faults);
  if (!faults.empty()) spdlog::warn("This key goes wrong on purpose (--fault).");
  std::vector<std::unique_ptr<ctaphid::Device>> devices;
  for (const auto& spec : options.transports) {
    try {
      devices.push_back(plug_in(spec, identity, key, trace ? &*trace : nullptr, faults, clock));
    } catch (const std::invalid_argument& error) {
      throw UsageError{error.what()};
    }
    std::cout << "ready: " << devices.back()->address() << '\n' << std::flush;
  }
  notify_service_manager("READY=1");

  const char* const signal = signals.wait();
  spdlog::info("Ending, by {}.", signal);
  notify_service_manager("STOPPING=1");
  return kDone;
}

}  // namespace

void add_run(CLI::App& program, Action& action) {
  auto& command = *program.add_subcommand(
      "run", "Be a security key, in the foreground, until SIGINT (Ctrl-C) or SIGTERM");
  const auto options = std::make_shared<RunOptions>();
  add_run_options(command, *options);
  command.callback([&action, options] { action = [options] { return run(*options); }; });
}

}  // namespace fauxkey::app
