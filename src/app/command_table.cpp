#include "app/command_table.h"

#include <algorithm>

namespace fauxkey::app {
namespace {

// IsMember's description within a type's name: "MODE:{ask,auto}".
constexpr std::string_view kChoices = ":{";

}  // namespace

std::string type_of(const CLI::Option& option) {
  if (is_flag(option)) return {};
  auto type = option.get_type_name();
  return type.substr(0, type.find(kChoices));
}

std::vector<std::string> choices_of(const CLI::Option& option) {
  const auto type = option.get_type_name();
  const auto begin = type.find(kChoices);
  const auto end = type.find('}', begin == std::string::npos ? 0 : begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  const auto list = type.substr(begin + kChoices.size(), end - begin - kChoices.size());
  return CLI::detail::split(list, ',');
}

std::string long_name(const CLI::Option& option) {
  return option.get_lnames().empty() ? std::string{} : option.get_lnames().front();
}

bool is_number(const CLI::Option& option) {
  constexpr std::array<std::string_view, 3> kNumbers{"N", "SECONDS", "MS"};  // what stands for one
  return std::ranges::find(kNumbers, type_of(option)) != kNumbers.end();
}

bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

bool is_list(const CLI::Option& option) {
  return option.get_expected_max() >= CLI::detail::expected_max_vector_size;
}

std::vector<const CLI::Option*> options_of(const CLI::App& command) {
  return command.get_options([&](const CLI::Option* option) {
    return option->nonpositional() && !option->get_group().empty() && option != command.get_help_ptr() &&
           option != command.get_help_all_ptr();
  });
}

std::vector<const CLI::Option*> positionals_of(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

std::vector<const CLI::App*> commands_of(const CLI::App& command) {
  return command.get_subcommands(
      [](const CLI::App* one) { return !one->get_name().empty() && !one->get_group().empty(); });
}

const CLI::App& chosen_command(const CLI::App& program) {
  const auto* command = &program;
  for (;;) {
    const auto parsed = command->get_subcommands([](const CLI::App* one) { return one->parsed(); });
    if (parsed.empty()) return *command;
    command = parsed.back();
  }
}

std::string full_name(const CLI::App& command) {
  const auto* const parent = command.get_parent();
  return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

}  // namespace fauxkey::app
