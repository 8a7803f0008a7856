// The file of --attestation-root: a certificate and its private key in PEM, for keys that share a root.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "fauxkey/attestation_root.h"
#include "fauxkey/clock.h"
#include "fauxkey/random.h"

namespace fauxkey::app {

/// Reads it; makes it where there is none, mode 0600. Throws Failure.
[[nodiscard]] std::shared_ptr<const AttestationRoot> open_attestation_root(const std::filesystem::path& path,
                                                                           Random& random,
                                                                           const Clock& clock);

void add_attestation_root_option(CLI::App& command, std::string& path, const std::string& description);

}  // namespace fauxkey::app
