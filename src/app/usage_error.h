// What was wrong with a command line, as one sentence with what to do next.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace fauxkey::app {

[[nodiscard]] std::string usage_error(const CLI::ParseError& error, const CLI::App& program);

/// What is wrong with a value: "--approve takes ask, auto, deny or remote, and not maybe". `name` stands for
/// the option.
[[nodiscard]] std::string value_error(const CLI::ParseError& error, const CLI::Option& option,
                                      const std::string& name, const std::string& value);

/// On one line, whatever an argument or a file put into it.
[[nodiscard]] std::string one_line(const std::string& sentence);

}  // namespace fauxkey::app
