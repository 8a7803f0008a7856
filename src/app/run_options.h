// The options of `fauxkey run`.
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/store_options.h"
#include "fauxkey/key_config.h"

namespace fauxkey::app {

enum class Approve : std::uint8_t { ask, automatic, deny, remote };

/// The ways to a person, as --prompt names them, and in the order in which they are tried.
inline constexpr std::array<std::string_view, 3> kPromptWays{"notification", "pinentry", "terminal"};
inline constexpr std::string_view kAutomaticPrompt = "auto";

/// What was chosen of `add_key_options`.
struct KeyChoice {
  std::string persona;                ///< empty: none
  std::vector<CLI::Option*> options;  ///< those besides it, which go before what the persona says
};

struct RunOptions {
  StoreOptions store;
  bool ephemeral = false;
  Approve approve = Approve::ask;
  std::vector<std::string> prompt;  ///< of kPromptWays, or kAutomaticPrompt alone; empty: that
  std::vector<std::string> transports{"uhid"};
  std::optional<std::string> pin;
  std::optional<std::uint64_t> seed;
  KeyChoice key_choice;
  KeyConfig key;                    ///< by the options alone, until take_persona
  std::string attestation_root;     ///< empty: each key has its own
  bool keyless = false;             ///< no key of the daemon's own
  std::string control;              ///< empty: the default; "none"
  std::string trace;                ///< empty: none
  bool trace_secrets = false;       ///< what passes in plain is in the trace
  std::vector<std::string> faults;  ///< rules, as fault_options.h takes them
  std::string serial;               ///< empty: made from the attestation root
  bool debug = false;

  /// Throws UsageError for what does not go together.
  void check() const;
};

/// What kind of key it is.
void add_key_options(CLI::App& command, KeyConfig& key, KeyChoice& choice);
/// Makes `key` what the persona says, and what the options say that were given besides. The command that they
/// were added to is still there. Throws UsageError.
void take_persona(const KeyChoice& choice, KeyConfig& key);
void add_run_options(CLI::App& command, RunOptions& options);

}  // namespace fauxkey::app
