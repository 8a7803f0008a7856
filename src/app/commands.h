// The program's subcommands. Each adds itself and its options, and sets `action` to what is to be done when
// it is chosen; an action returns an ExitStatus, or throws (see error.h).
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace fauxkey::app {

using Action = std::function<int()>;

void add_run(CLI::App& program, Action& action);
void add_credentials(CLI::App& program, Action& action);
void add_keystore(CLI::App& program, Action& action);
void add_attestation(CLI::App& program, Action& action);
void add_metadata(CLI::App& program, Action& action);
void add_doctor(CLI::App& program, Action& action);
void add_persona(CLI::App& program, Action& action);
void add_replay(CLI::App& program, Action& action);
void add_status(CLI::App& program, Action& action);
void add_approve(CLI::App& program, Action& action);
void add_deny(CLI::App& program, Action& action);
void add_webdriver(CLI::App& program, Action& action);
void add_attack(CLI::App& program, Action& action);
void add_demo(CLI::App& program, Action& action);
void add_ui(CLI::App& program, Action& action);
void add_version(CLI::App& program, Action& action);
void add_completion(CLI::App& program, Action& action);

/// The whole program: parses, acts, and says on stderr what went wrong. Returns the exit status.
[[nodiscard]] int run_program(int argc, const char* const* argv);

}  // namespace fauxkey::app
