#include <iostream>
#include <memory>
#include <optional>

#include "app/error.h"
#include "app/keystore_commands.h"
#include "app/process.h"
#include "app/store_options.h"
#include "keystore/protect.h"

namespace fauxkey::app {
namespace {

using keystore::Argon2Cost;
using keystore::UnlockSecret;

struct ProtectOptions {
  StoreOptions store;
  std::string new_unlock;  ///< empty: as before
};

std::string described(const Argon2Cost& cost) {
  return std::to_string(cost.passes) + " passes over " + std::to_string(cost.memory >> 20U) + " MiB";
}

int protect(const ProtectOptions& options) {
  protect_memory();
  const auto from = options.store.source();
  std::optional<UnlockSource> to;
  if (!options.new_unlock.empty()) {
    auto parsed = parse_unlock_source(options.new_unlock);
    if (!parsed) throw UsageError{"--new-unlock: " + parsed.error()};
    to = *std::move(parsed);
  }
  const auto path = existing_store(options.store);
  SystemRandom random;
  const SystemClock clock;
  const auto done = keystore::protect(path, from, to, random, clock);
  if (!done) throw Failure{done.error().message};

  const auto& [before, now, other_snapshots] = *done;
  const auto source = to.value_or(from);
  std::cout << "The keystore " << path.string() << " opens with " << to_string(source) << " now";
  if (now.kind == UnlockSecret::Kind::passphrase) {
    std::cout << " (Argon2id: " << described(now.cost);
    if (before.kind == now.kind && before.cost != now.cost)
      std::cout << ", before: " << described(before.cost);
    std::cout << ")";
  }
  std::cout << ".\n";
  if (from.kind == UnlockSource::Kind::key_file && source != from) {
    std::cout
        << "The key file " << from.name
        << " opens it no more, but backups that were made until now: delete it when nothing needs it.\n";
  }
  std::cout << std::flush;
  if (!other_snapshots.empty()) {
    throw Failure{
        "These snapshots are damaged and open with what opened the keystore before: delete them by "
        "fauxkey keystore snapshot delete: " +
        listed(other_snapshots) + "."};
  }
  return kDone;
}

}  // namespace

void add_keystore_protect(CLI::App& keystore, Action& action) {
  auto& command = *keystore.add_subcommand(
      "protect",
      "Change what opens the keystore (--new-unlock), or, for a passphrase that stays, make guessing it as "
      "hard as suits this machine");
  const auto options = std::make_shared<ProtectOptions>();
  add_store_options(command, options->store);
  command
      .add_option("--new-unlock", options->new_unlock,
                  "What is to open it from now on, as --unlock names it; a key file that is not there is "
                  "made (default: what opens it now)")
      ->type_name("SOURCE");
  command.callback([&action, options] { action = [options] { return protect(*options); }; });
}

}  // namespace fauxkey::app
