#include "app/command_table.h"

#include <algorithm>
#include <numeric>

namespace fauxkey::app {
namespace {

// IsMember's description within a type's name: "MODE:{ask,auto}".
constexpr std::string_view kChoices = ":{";

/// Insertions, deletions, changes and swaps of neighbours that make one of the other.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  std::vector<std::size_t> next(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t change = from[i - 1] == to[j - 1] ? 0 : 1;
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + change});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
        next[j] = std::min(next[j], before[j - 2] + 1);
    }
    before.swap(row);
    row.swap(next);
  }
  return row[to.size()];
}

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

std::string nearest(std::string_view word, const std::vector<std::string>& words) {
  std::string best;
  // Half of it other is another word.
  std::size_t least = word.size() / 2 + (word.size() < 4 ? 1 : 0);
  for (const auto& one : words) {
    const bool begins = word.size() >= 3 && one.starts_with(word);
    const auto far = begins ? std::size_t{0} : distance(word.substr(0, 64), one);
    if (far < least || (far == least && best.empty())) {
      best = one;
      least = far;
    }
  }
  return best;
}

}  // namespace fauxkey::app
