#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/error.h"
#include "app/keystore_commands.h"
#include "app/store_options.h"
#include "app/text.h"
#include "keystore/snapshots.h"
#include "keystore/store_info.h"

namespace fauxkey::app {
namespace {

using Json = nlohmann::ordered_json;

struct InfoOptions {
  StoreOptions store;
  bool json = false;
};

int info(const InfoOptions& options) {
  const auto path = existing_store(options.store);
  const auto found = keystore::store_info(path);
  if (!found) throw Failure{found.error().message};
  const auto snapshots = keystore::list_snapshots(path);
  const auto snapshot_count = snapshots ? snapshots->size() : 0;
  const bool by_passphrase = found->wrapping.kind == keystore::UnlockSecret::Kind::passphrase;
  const auto& cost = found->wrapping.cost;
  if (options.json) {
    Json json{{"file", path.string()},       {"format", found->format},
              {"size", found->size},         {"unlock", by_passphrase ? "passphrase" : "keyfile"},
              {"argon2id", nullptr},         {"credentials", found->credentials},
              {"counters", found->counters}, {"records", found->records},
              {"snapshots", snapshot_count}};
    if (by_passphrase) json["argon2id"] = {{"passes", cost.passes}, {"memory", cost.memory}};
    std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    std::cout << "file         " << path.string() << "\n"
              << "format       " << found->format << "\n"
              << "size         " << file_size(found->size) << "\n"
              << "opens with   " << (by_passphrase ? "a passphrase" : "a key file") << "\n";
    if (by_passphrase) {
      std::cout << "Argon2id     " << cost.passes << " passes over " << (cost.memory >> 20U) << " MiB\n";
    }
    std::cout << "credentials  " << found->credentials << "\n"
              << "counters     " << found->counters << "\n"
              << "records      " << found->records << "\n"
              << "snapshots    " << snapshot_count << "\n";
  }
  finish_output();
  return kDone;
}

}  // namespace

void add_keystore_info(CLI::App& keystore, Action& action) {
  auto& command =
      *keystore.add_subcommand("info", "What can be told of the keystore's file without opening it");
  const auto options = std::make_shared<InfoOptions>();
  add_store_options(command, options->store);
  command.add_flag("--json", options->json, "As JSON");
  command.callback([&action, options] { action = [options] { return info(*options); }; });
}

}  // namespace fauxkey::app
