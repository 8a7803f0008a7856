// Which keystore, and what opens it: options that several commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "fauxkey/clock.h"
#include "fauxkey/random.h"
#include "keystore/opening.h"
#include "keystore/sqlite_store.h"
#include "keystore/unlock.h"

namespace fauxkey::app {

struct StoreOptions {
  std::string store;   ///< empty: the default
  std::string unlock;  ///< empty: the default key file

  [[nodiscard]] std::filesystem::path path() const;
  /// Throws UsageError where `unlock` names no source.
  [[nodiscard]] UnlockSource source() const;
};

void add_store_options(CLI::App& command, StoreOptions& options);

/// Opens the keystore; makes it only where `create` is set. Throws Failure.
[[nodiscard]] std::unique_ptr<SqliteStore> open_store(const StoreOptions& options, bool create,
                                                      Random& random, Clock& clock,
                                                      const Opening& opening = {});

/// The path of a keystore that is there. Throws Failure where there is none.
[[nodiscard]] std::filesystem::path existing_store(const StoreOptions& options);

}  // namespace fauxkey::app
