#include "app/store_options.h"

#include <spdlog/spdlog.h>

#include "app/error.h"
#include "app/paths.h"

namespace fauxkey::app {

std::filesystem::path StoreOptions::path() const {
  return store.empty() ? default_store() : std::filesystem::path{store};
}

UnlockSource StoreOptions::source() const {
  if (unlock.empty()) return {UnlockSource::Kind::key_file, default_key_file().string(), -1};
  auto parsed = parse_unlock_source(unlock);
  if (!parsed) throw UsageError{parsed.error()};
  return *std::move(parsed);
}

void add_store_options(CLI::App& command, StoreOptions& options) {
  command
      .add_option("--store", options.store,
                  "The keystore's file (default: $XDG_DATA_HOME/fauxkey/keystore.db)")
      ->type_name("FILE");
  command
      .add_option("--unlock", options.unlock,
                  "What opens it: keyfile:FILE (default, made at the first start: "
                  "$XDG_CONFIG_HOME/fauxkey/unlock.key), ask, env:NAME, fd:N, credential:NAME (systemd)")
      ->type_name("SOURCE");
}

std::filesystem::path existing_store(const StoreOptions& options) {
  auto path = options.path();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    throw Failure{"There is no keystore at " + path.string() +
                  ": start the key once with fauxkey run, or give --store FILE."};
  }
  return path;
}

std::unique_ptr<SqliteStore> open_store(const StoreOptions& options, bool create, Random& random,
                                        Clock& clock, const Opening& opening) {
  const auto source = options.source();
  const auto path = create ? options.path() : existing_store(options);
  auto store = SqliteStore::open(path, source, random, clock, opening);
  if (!store) throw Failure{store.error().message};
  if (const auto& kept = (*store)->kept_file()) {
    spdlog::warn(
        "Some of the keystore was damaged when it got its new format: the old file is kept as {}, and "
        "fauxkey "
        "keystore check tells what it is.",
        kept->string());
  }
  return *std::move(store);
}

}  // namespace fauxkey::app
