#include "app/usage_error.h"

#include <algorithm>

#include "app/command_table.h"
#include "app/text.h"

namespace fauxkey::app {
namespace {

std::string see(const CLI::App& command) {
  const auto name = full_name(command);
  const auto space = name.find(' ');
  return " (see fauxkey help" + (space == std::string::npos ? "" : name.substr(space)) + ")";
}

std::string alternatives(const std::vector<std::string>& words, const char* last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool is_last = i + 1 == words.size();
    text += (i == 0 ? "" : is_last ? " " + std::string{last} + " " : ", ") + words[i];
  }
  return text;
}

std::vector<std::string> command_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* one : commands_of(command)) names.push_back(one->get_name());
  return names;
}

/// Those of the command and of what is above it.
std::vector<const CLI::Option*> known_options(const CLI::App& command) {
  auto options = options_of(command);
  for (const auto* above = command.get_parent(); above != nullptr; above = above->get_parent()) {
    const auto more = options_of(*above);
    options.insert(options.end(), more.begin(), more.end());
  }
  return options;
}

std::string maybe(const std::string& guess) { return guess.empty() ? "" : "; is " + guess + " meant?"; }

std::string unexpected(const std::string& word, const CLI::App& command) {
  const auto name = full_name(command);
  if (word.starts_with("-") && word.size() > 1) {
    std::vector<std::string> names{"--help"};
    for (const auto* option : known_options(command)) names.push_back("--" + long_name(*option));
    const auto option = word.substr(0, word.find('='));
    return name + " has no option " + option + maybe(nearest(option, names)) + see(command);
  }
  if (!commands_of(command).empty())
    return (command.get_parent() == nullptr ? "There is" : name + " has") + " no command " + word +
           maybe(nearest(word, command_names(command))) + see(command);
  return name + " takes no further argument " + word + see(command);
}

/// The option that CLI11's sentence begins with: "--store: …", "--seed = abc".
const CLI::Option* option_named(const std::string& text, const CLI::App& command) {
  const CLI::Option* found = nullptr;
  std::size_t length = 0;
  auto options = known_options(command);
  const auto more = positionals_of(command);
  options.insert(options.end(), more.begin(), more.end());
  for (const auto* option : options) {
    for (const auto& name : {option->get_name(), option->get_name(true), "--" + long_name(*option)}) {
      if (name.size() > length && name != "--" && text.starts_with(name)) {
        found = option;
        length = name.size();
      }
    }
  }
  return found;
}

std::string shown_name(const CLI::Option& option) {
  const auto name = long_name(option);
  return name.empty() ? type_of(option) : "--" + name;
}

std::string without(std::string text, std::string_view prefix) {
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
  return text;
}

template <class Kind>
bool is(const CLI::ParseError& error) {
  return dynamic_cast<const Kind*>(&error) != nullptr;
}

}  // namespace

std::string one_line(const std::string& sentence) {
  // Backslashes stay single where nothing has to be escaped.
  const bool harmless = std::ranges::none_of(sentence, [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f' || static_cast<unsigned char>(c) >= 0x80;
  });
  constexpr std::size_t kLongest = 2000;
  return harmless ? sentence : user::display_text(sentence, kLongest, user::Shorten::end);
}

std::string value_error(const CLI::ParseError& error, const CLI::Option& option, const std::string& name,
                        const std::string& value) {
  if (const auto choices = choices_of(option); !choices.empty())
    return name + " takes " + alternatives(choices, "or") + ", and not " + shown(value);
  if (is_flag(option)) return name + " takes true or false, or no value, and not " + shown(value);
  if (is<CLI::ConversionError>(error))
    return name + " takes " + (is_number(option) ? "a number" : type_of(option)) + ", and not " +
           shown(value);
  auto why = std::string{error.what()};
  if (const auto colon = why.find(": "); colon != std::string::npos && why.starts_with("--"))
    why.erase(0, colon + 2);
  while (why.ends_with(".")) why.pop_back();
  return name + ": " + why;
}

std::string usage_error(const CLI::ParseError& error, const CLI::App& program) {
  const auto& command = chosen_command(program);
  const auto name = full_name(command);
  const std::string what = error.what();
  // An argument that is not understood explains most of what is missing.
  const auto rest = program.remaining(true);
  const auto stray = std::ranges::find_if(rest, [](const std::string& word) { return word != "--"; });
  if (stray != rest.end() && (is<CLI::ExtrasError>(error) || is<CLI::RequiredError>(error)))
    return unexpected(shown(*stray), command);
  if (is<CLI::RequiredError>(error)) {
    if (const auto names = command_names(command); !names.empty()) {
      if (command.get_parent() == nullptr)
        return "No command is given: fauxkey run starts a key, and fauxkey help says what else there is.";
      return name + " needs one of its commands: " + alternatives(names, "or") + see(command);
    }
    if (const auto* const option = option_named(what, command)) {
      const auto type = type_of(*option);
      return name + " needs " + shown_name(*option) +
             (long_name(*option).empty() || type.empty() ? "" : " " + type) + see(command);
    }
  }
  const auto* const option = option_named(without(what, "Could not convert: "), command);
  if (option == nullptr) return what + see(command);
  if (is<CLI::ArgumentMismatch>(error) && !is_flag(*option))
    return shown_name(*option) + " needs a value, " + type_of(*option) + see(command);
  if (is<CLI::ArgumentMismatch>(error)) return shown_name(*option) + " takes no value" + see(command);
  constexpr std::string_view kExcludes = " excludes ";
  if (const auto at = what.find(kExcludes); at != std::string::npos && is<CLI::ExcludesError>(error)) {
    const auto other = what.substr(at + kExcludes.size());
    const auto* const excluded = option_named(other, command);
    return shown_name(*option) + " and " + (excluded != nullptr ? shown_name(*excluded) : other) +
           " do not go together: give one of them" + see(command);
  }
  const auto results = option->results();
  std::string value = results.empty() ? "" : results.back();
  // Of several, the one that the sentence is about.
  for (const auto& one : results)
    if (what.find(": " + one + " not in") != std::string::npos) value = one;
  return value_error(error, *option, shown_name(*option), value) + see(command);
}

}  // namespace fauxkey::app
