// fauxkey.toml: options of `fauxkey run` in a file, by their long names without the dashes. The command line
// wins over it. Its keys are those of the command itself, so there is no list of them here.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace fauxkey::app {

struct ConfigurationChoice {
  std::string file;   ///< empty: the first of configuration_files() that is there
  bool none = false;  ///< read none
};
/// --config and --no-config, which all commands have.
void add_configuration_options(CLI::App& program, ConfigurationChoice& choice);

/// The user's, and the machine's.
[[nodiscard]] std::vector<std::filesystem::path> configuration_files();

/// Gives the options of `command`, which has been parsed, the values that the file has for them and the
/// command line has not. `run` says which keys there are; a command other than it takes of them what names
/// the keystore alone. Returns the file that was read, if one was. Throws UsageError and Failure.
std::optional<std::filesystem::path> configure(const CLI::App& run, CLI::App& command,
                                               const ConfigurationChoice& choice);

/// What the options of `run` are, as such a file; those that are not set stand there as comments. Secrets are
/// left out.
[[nodiscard]] std::string to_toml(const CLI::App& run);

}  // namespace fauxkey::app
