// The program's commands and options as CLI11 knows them, for whatever lists them: help, the configuration
// file, shell completion. Nothing here names a command or an option, so none can be forgotten.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/nearest.h"

namespace fauxkey::app {

/// "FILE", "N"; without what validators add.
[[nodiscard]] std::string type_of(const CLI::Option& option);
/// The values that an option takes, where they are a list (CLI::IsMember).
[[nodiscard]] std::vector<std::string> choices_of(const CLI::Option& option);
/// "store"; empty for positional ones.
[[nodiscard]] std::string long_name(const CLI::Option& option);
[[nodiscard]] bool is_flag(const CLI::Option& option);
/// Takes a whole number, of a unit or not.
[[nodiscard]] bool is_number(const CLI::Option& option);
/// Takes more than one value, or may be given more than once with one each.
[[nodiscard]] bool is_list(const CLI::Option& option);

/// Those of a command itself, help's own left out, in their order.
[[nodiscard]] std::vector<const CLI::Option*> options_of(const CLI::App& command);
[[nodiscard]] std::vector<const CLI::Option*> positionals_of(const CLI::App& command);
[[nodiscard]] std::vector<const CLI::App*> commands_of(const CLI::App& command);

/// The command that was parsed last: of "fauxkey credentials list" list.
[[nodiscard]] const CLI::App& chosen_command(const CLI::App& program);
/// "fauxkey credentials list"
[[nodiscard]] std::string full_name(const CLI::App& command);

}  // namespace fauxkey::app
