// `fauxkey completion`: what shells need to complete the program's command lines, made from its own table of
// commands.
#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <sstream>

#include "app/command_table.h"
#include "app/commands.h"
#include "app/error.h"
#include "app/help.h"
#include "app/text.h"

namespace fauxkey::app {
namespace {

/// What may stand in the place of a value.
struct Values {
  bool files = false;
  std::vector<std::string> words;  ///< those that end in ":" go on
};

struct OptionRow {
  std::string name;  ///< "--store"
  std::string description;
  bool takes_value = false;
  bool needs_value = false;
  Values values;
};

struct CommandRow {
  std::string name;  ///< "fauxkey credentials list"
  std::vector<std::pair<std::string, std::string>> commands;
  std::vector<OptionRow> options;
  Values positionals;
};

struct TypeWords {
  std::string_view type;
  std::vector<std::string> words;
};

Values values_of(const CLI::Option& option) {
  const std::array kTypes{TypeWords{"SOURCE", {"keyfile:", "ask", "env:", "fd:", "credential:"}},
                          TypeWords{"T", {"uhid", "unix:", "udp:"}}};
  if (auto choices = choices_of(option); !choices.empty()) return {.words = std::move(choices)};
  const auto type = type_of(option);
  if (type.starts_with("FILE")) return {.files = true, .words = {}};
  const auto* const found = std::ranges::find(kTypes, type, &TypeWords::type);
  return {.words = found == kTypes.end() ? std::vector<std::string>{} : found->words};
}

std::vector<OptionRow> option_rows(const CLI::App& command) {
  std::vector<OptionRow> rows;
  for (const auto* option : options_of(command)) {
    const bool takes_value = !is_flag(*option);
    rows.push_back({"--" + long_name(*option), brief(option->get_description()), takes_value,
                    takes_value && option->get_expected_min() > 0,
                    takes_value ? values_of(*option) : Values{}});
  }
  return rows;
}

void add_rows(std::vector<CommandRow>& rows, const CLI::App& command, const CLI::App& program) {
  CommandRow row{
      .name = full_name(command), .commands = {}, .options = option_rows(command), .positionals = {}};
  for (const auto* one : commands_of(command))
    row.commands.emplace_back(one->get_name(), brief(one->get_description()));
  for (const auto* option : positionals_of(command)) {
    row.positionals = values_of(*option);
    if (type_of(*option).starts_with("COMMAND"))
      for (const auto* one : commands_of(program)) row.positionals.words.push_back(one->get_name());
  }
  rows.push_back(std::move(row));
  for (const auto* one : commands_of(command)) add_rows(rows, *one, program);
}

/// The program's own come first, and hold for all.
std::vector<CommandRow> command_rows(const CLI::App& program) {
  std::vector<CommandRow> rows;
  add_rows(rows, program, program);
  auto& common = rows.front().options;
  common.insert(common.begin(), {{"--help", "What the command does, and its options", false, false, {}},
                                 {"--help-all", "The same, and what is seldom needed", false, false, {}}});
  return rows;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// In single quotes; `end` is how a shell writes one within them.
std::string quoted(const std::string& text, const char* end) {
  std::string quoted{'\''};
  for (const char c : text) {
    if (c == '\'')
      quoted += end;
    else
      quoted += c;
  }
  return quoted + '\'';
}
std::string quoted(const std::string& text) { return quoted(text, "'\\''"); }

/// The cases that follow the command in use by its words; bash and zsh read it alike.
std::string command_cases(const std::vector<CommandRow>& rows, const char* word) {
  std::string cases;
  for (std::size_t i = 1; i < rows.size(); ++i)
    cases += (cases.empty() ? "" : " | \\\n      ") + quoted(rows[i].name);
  return "    case \"$at " + std::string{word} + "\" in\n      " + cases + ")\n        at+=\" " + word +
         "\"\n        ;;\n    esac\n";
}

std::string bash_values(const Values& values) {
  if (values.files)
    return "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n      compopt -o filenames 2>/dev/null";
  if (values.words.empty()) return ":";
  return "mapfile -t COMPREPLY < <(compgen -W " + quoted(joined(values.words)) + " -- \"$cur\")";
}

std::string zsh_values(const Values& values) {
  if (values.files) return "_files";
  if (values.words.empty()) return "_message value";
  std::string plain;
  std::string open;
  for (const auto& word : values.words) (word.ends_with(':') ? open : plain) += " " + quoted(word);
  return (plain.empty() ? "" : "compadd --" + plain) + (plain.empty() || open.empty() ? "" : "; ") +
         (open.empty() ? "" : "compadd -S '' --" + open);
}

/// `case "$at $previous"`: what follows an option that takes a value.
std::string value_cases(const std::vector<CommandRow>& rows,
                        const std::function<std::string(const Values&)>& act) {
  std::string cases;
  for (const auto& row : rows) {
    for (const auto& option : row.options) {
      if (!option.takes_value || (!option.needs_value && option.values.words.empty())) continue;
      const auto pattern =
          &row == &rows.front() ? "*' " + option.name + "'" : quoted(row.name + " " + option.name);
      cases += "    " + pattern + ")\n      " + act(option.values) + "\n      return\n      ;;\n";
    }
  }
  return cases;
}

std::string for_bash(const std::vector<CommandRow>& rows) {
  std::ostringstream out;
  out << "# bash completion of fauxkey, made by: fauxkey completion bash\n\n"
         "_fauxkey() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at=fauxkey words='' "
         "options='' i\n"
         "  COMPREPLY=()\n"
         "  # --approve=au comes as three words.\n"
         "  if [[ $cur == '=' ]]; then\n"
         "    cur=''\n"
         "  elif [[ $prev == '=' && $COMP_CWORD -gt 1 ]]; then\n"
         "    prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
         "  fi\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      << command_cases(rows, "${COMP_WORDS[i]}")
      << "  done\n"
         "  case \"$at $prev\" in\n"
      << value_cases(rows,
                     [](const Values& values) {
                       auto text = bash_values(values);
                       const bool open = std::ranges::any_of(
                           values.words, [](const std::string& word) { return word.ends_with(':'); });
                       if (open)
                         text += "\n      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null";
                       return text;
                     })
      << "  esac\n"
         "  case $at in\n";
  for (const auto& row : rows) {
    if (&row == &rows.front()) continue;
    std::vector<std::string> words;
    words.reserve(row.commands.size() + row.positionals.words.size());
    for (const auto& [name, description] : row.commands) words.push_back(name);
    words.insert(words.end(), row.positionals.words.begin(), row.positionals.words.end());
    std::vector<std::string> options;
    options.reserve(row.options.size());
    for (const auto& option : row.options) options.push_back(option.name);
    out << "    " << quoted(row.name) << ")\n";
    if (!words.empty()) out << "      words=" << quoted(joined(words)) << "\n";
    if (!options.empty()) out << "      options=" << quoted(joined(options)) << "\n";
    if (row.positionals.files)
      out << "      [[ $cur == -* ]] || {\n        " << "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
          << "        compopt -o filenames 2>/dev/null\n        return\n      }\n";
    out << "      ;;\n";
  }
  std::vector<std::string> commands;
  commands.reserve(rows.front().commands.size());
  for (const auto& [name, description] : rows.front().commands) commands.push_back(name);
  std::vector<std::string> common;
  common.reserve(rows.front().options.size());
  for (const auto& option : rows.front().options) common.push_back(option.name);
  out << "    *)\n      words=" << quoted(joined(commands)) << "\n      ;;\n"
      << "  esac\n"
         "  [[ $cur != -* ]] || words=\"$options \""
      << quoted(joined(common)) << "\n"
      << "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
         "}\n"
         "complete -F _fauxkey fauxkey\n";
  return std::move(out).str();
}

/// "name:description"
std::string zsh_item(const std::string& name, const std::string& description) {
  return "      " + quoted(name + ":" + description) + "\n";
}

std::string for_zsh(const std::vector<CommandRow>& rows) {
  std::ostringstream out;
  out << "#compdef fauxkey\n# zsh completion of fauxkey, made by: fauxkey completion zsh\n\n"
         "_fauxkey() {\n"
         "  local at=fauxkey previous=$words[CURRENT-1] i\n"
         "  local -a commands options common\n"
         "  for ((i = 2; i < CURRENT; i++)); do\n"
      << command_cases(rows, "$words[i]")
      << "  done\n"
         "  if [[ $PREFIX == --*=* ]]; then\n"
         "    previous=${PREFIX%%=*}\n"
         "    compset -P '*='\n"
         "  fi\n"
         "  case \"$at $previous\" in\n"
      << value_cases(rows, zsh_values)
      << "  esac\n"
         "  case $at in\n";
  const auto items = [&](const char* array, const std::vector<OptionRow>& options) {
    out << "    " << array << "=(\n";
    for (const auto& option : options) out << zsh_item(option.name, option.description);
    out << "    )\n";
  };
  for (const auto& row : rows) {
    out << "    (" << quoted(row.name) << ")\n";
    if (!row.commands.empty()) {
      out << "    commands=(\n";
      for (const auto& [name, description] : row.commands) out << zsh_item(name, description);
      out << "    )\n";
    }
    if (&row != &rows.front() && !row.options.empty()) items("options", row.options);
    if (row.positionals.files || !row.positionals.words.empty())
      out << "    [[ $PREFIX == -* ]] || { " << zsh_values(row.positionals) << "; return }\n";
    out << "    ;;\n";
  }
  out << "  esac\n";
  out << "  common=(\n";
  for (const auto& option : rows.front().options) out << zsh_item(option.name, option.description);
  out << "  )\n"
         "  if [[ $PREFIX == -* ]]; then\n"
         "    _describe -o option options -- common\n"
         "  elif (($#commands)); then\n"
         "    _describe command commands\n"
         "  else\n"
         "    _message argument\n"
         "  fi\n"
         "}\n\n"
         "if [[ $funcstack[1] == _fauxkey ]]; then\n"
         "  _fauxkey \"$@\"\n"
         "else\n"
         "  compdef _fauxkey fauxkey\n"
         "fi\n";
  return std::move(out).str();
}

std::string for_fish(const std::vector<CommandRow>& rows) {
  const auto quote = [](const std::string& text) { return quoted(text, "\\'"); };
  std::ostringstream out;
  out << "# fish completion of fauxkey, made by: fauxkey completion fish\n\n"
         "function __fauxkey_at -d 'Whether this is the command so far'\n"
         "    set -l commands";
  for (std::size_t i = 1; i < rows.size(); ++i) out << " \\\n        " << quote(rows[i].name);
  out << "\n"
         "    set -l at fauxkey\n"
         "    for word in (commandline -opc)[2..-1]\n"
         "        if contains -- \"$at $word\" $commands\n"
         "            set at \"$at $word\"\n"
         "        end\n"
         "    end\n"
         "    test \"$at\" = \"$argv\"\n"
         "end\n\n"
         "complete -c fauxkey -f\n";
  for (const auto& row : rows) {
    const bool is_program = &row == &rows.front();
    const auto start = "complete -c fauxkey -n " + quote("__fauxkey_at " + row.name);
    for (const auto& [name, description] : row.commands)
      out << start << " -a " << name << " -d " << quote(description) << "\n";
    if (row.positionals.files) out << start << " -F\n";
    if (!row.positionals.words.empty())
      out << start << " -a " << quote(joined(row.positionals.words)) << "\n";
    for (const auto& option : row.options) {
      out << (is_program ? "complete -c fauxkey" : start) << " -l " << option.name.substr(2);
      if (option.needs_value) out << (option.values.files ? " -r -F" : " -x");
      if (!option.values.words.empty()) out << " -a " << quote(joined(option.values.words));
      out << " -d " << quote(option.description) << "\n";
    }
  }
  return std::move(out).str();
}

struct Shell {
  const char* name;
  std::string (*script)(const std::vector<CommandRow>& rows);
};
constexpr std::array kShells{Shell{"bash", for_bash}, Shell{"zsh", for_zsh}, Shell{"fish", for_fish}};

}  // namespace

void add_completion(CLI::App& program, Action& action) {
  auto& command =
      *program.add_subcommand("completion", "Print what a shell needs to complete fauxkey's command lines");
  const auto shell = std::make_shared<std::string>();
  std::vector<std::string> names;
  names.reserve(kShells.size());
  for (const auto& row : kShells) names.emplace_back(row.name);
  command.add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember(names))
      ->type_name("SHELL");
  command.callback([&program, &action, shell] {
    action = [&program, shell] {
      const auto* const row =
          std::ranges::find_if(kShells, [&](const Shell& one) { return *shell == one.name; });
      std::cout << row->script(command_rows(program));
      finish_output();
      return kDone;
    };
  });
}

}  // namespace fauxkey::app
