// Which keystore, and what opens it: options that several commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "fauxkey/clock.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
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
[[nodiscard]] std::unique_ptr<CredentialStore> open_store(const StoreOptions& options, bool create,
                                                          Random& random, Clock& clock);

}  // namespace fauxkey::app
