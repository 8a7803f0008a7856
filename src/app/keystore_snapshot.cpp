#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/error.h"
#include "app/keystore_commands.h"
#include "app/process.h"
#include "app/store_options.h"
#include "app/text.h"
#include "keystore/snapshots.h"

namespace fauxkey::app {
namespace {

using Json = nlohmann::ordered_json;

struct SnapshotOptions {
  StoreOptions store;
  std::string name;
  std::string to;
  bool json = false;
};

void must(const StoreResult<void>& done) {
  if (!done) throw Failure{done.error().message};
}

/// Opens the keystore and does something with it.
template <class Do>
void with_store(const SnapshotOptions& options, const Do& act) {
  protect_memory();
  SystemRandom random;
  SystemClock clock;
  const auto store = open_store(options.store, false, random, clock);
  must(act(*store));
}

int save(const SnapshotOptions& options) {
  with_store(options, [&](SqliteStore& store) { return store.save_snapshot(options.name); });
  std::cout << "Saved the snapshot " << options.name << ".\n";
  return kDone;
}

int restore(const SnapshotOptions& options) {
  with_store(options, [&](SqliteStore& store) { return store.restore_snapshot(options.name); });
  std::cout << "The keystore is as it was in the snapshot " << options.name << ".\n";
  return kDone;
}

/// Beside the keystore: "keystore-NAME.db".
std::filesystem::path default_fork(const std::filesystem::path& store, const std::string& name) {
  return store.parent_path() / (store.stem().string() + "-" + name + store.extension().string());
}

int fork(const SnapshotOptions& options) {
  const auto to = options.to.empty() ? default_fork(options.store.path(), options.name)
                                     : std::filesystem::path{options.to};
  with_store(options, [&](SqliteStore& store) { return store.fork_snapshot(options.name, to); });
  std::cout << "The clone is " << to.string() << ", and opens like the keystore.\n";
  return kDone;
}

int list(const SnapshotOptions& options) {
  const auto snapshots = keystore::list_snapshots(existing_store(options.store));
  if (!snapshots) throw Failure{snapshots.error().message};
  if (options.json) {
    Json json = Json::array();
    for (const auto& snapshot : *snapshots)
      json.push_back(
          {{"name", snapshot.name}, {"savedAt", date_and_time(snapshot.saved_at)}, {"size", snapshot.size}});
    std::cout << json.dump(2) << "\n";
  } else if (snapshots->empty()) {
    std::cout << "There are no snapshots.\n";
  } else {
    std::vector<Row> rows;
    for (const auto& snapshot : *snapshots)
      rows.push_back({snapshot.name, date_and_time(snapshot.saved_at), file_size(snapshot.size)});
    print_table({{.title = "SNAPSHOT", .least = 12},
                 {.title = "SAVED", .least = 10},
                 {.title = "SIZE", .right = true, .spare = 1}},
                rows);
  }
  finish_output();
  return kDone;
}

int remove(const SnapshotOptions& options) {
  must(keystore::delete_snapshot(existing_store(options.store), options.name));
  std::cout << "Deleted the snapshot " << options.name << ".\n";
  return kDone;
}

struct Subcommand {
  const char* name;
  const char* description;
  int (*act)(const SnapshotOptions&);
  bool named;
};
constexpr Subcommand kSubcommands[] = {
    {"save", "Keep the key's whole state (credentials, PIN, counters, settings) under a name", save, true},
    {"restore", "Put the key back to a snapshot; sites may take it for a clone, as its counters go back too",
     restore, true},
    {"fork", "Make a keystore of its own out of a snapshot: a cloned key, for tests of clone detection", fork,
     true},
    {"list", "List the snapshots", list, false},
    {"delete", "Delete a snapshot", remove, true},
};

}  // namespace

void add_keystore_snapshot(CLI::App& keystore, Action& action) {
  auto& snapshot = *keystore.add_subcommand("snapshot", "Save the key's whole state, and put it back");
  snapshot.require_subcommand(1);
  for (const auto& subcommand : kSubcommands) {
    auto& command = *snapshot.add_subcommand(subcommand.name, subcommand.description);
    const auto options = std::make_shared<SnapshotOptions>();
    add_store_options(command, options->store);
    if (subcommand.named) {
      command.add_option("name", options->name, "The snapshot: letters, digits, -, _ and .")
          ->required()
          ->type_name("NAME");
    } else {
      command.add_flag("--json", options->json, "As JSON");
    }
    if (subcommand.act == fork) {
      command.add_option("--to", options->to, "The new keystore's file (default: beside the keystore)")
          ->type_name("FILE");
    }
    command.callback(
        [&action, options, act = subcommand.act] { action = [options, act] { return act(*options); }; });
  }
}

}  // namespace fauxkey::app
