// What --help and `fauxkey help` show: a screen each, with examples; --help-all shows everything.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

namespace fauxkey::app {

[[nodiscard]] std::shared_ptr<CLI::FormatterBase> help_formatter();

/// The help of one command, whatever was parsed.
[[nodiscard]] std::string help_of(const CLI::App& command, bool all);

/// A description without what explains it further: to the first "(" or ";".
[[nodiscard]] std::string brief(const std::string& description);

}  // namespace fauxkey::app
