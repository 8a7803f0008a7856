// The file of --attestation-root: a certificate and its private key in PEM, for keys that share a root.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "app/store_options.h"
#include "fauxkey/attestation_root.h"
#include "fauxkey/clock.h"
#include "fauxkey/random.h"

namespace fauxkey::app {

/// Reads it; makes it where there is none, mode 0600. Throws Failure.
[[nodiscard]] std::shared_ptr<const AttestationRoot> open_attestation_root(const std::filesystem::path& path,
                                                                           Random& random,
                                                                           const Clock& clock);

void add_attestation_root_option(CLI::App& command, std::string& path, const std::string& description);

/// Of a command that is about one root: a file's, or else a keystore's own.
struct RootOptions {
  StoreOptions store;
  std::string file;

  /// Throws UsageError for what does not go together.
  void check() const;
  /// A keystore that is not there yet is made, so that a relying party can be told the root before the key's
  /// first start. Throws Failure.
  [[nodiscard]] std::shared_ptr<const AttestationRoot> open(Random& random, Clock& clock) const;
};

void add_root_options(CLI::App& command, RootOptions& options);

}  // namespace fauxkey::app
