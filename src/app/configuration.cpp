#include "app/configuration.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "app/command_table.h"
#include "app/error.h"
#include "app/paths.h"
#include "app/text.h"
#include "app/usage_error.h"
#include "base/toml_settings.h"
#include "keystore/files.h"

namespace fauxkey::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = std::size_t{1} << 20U;

/// Only in a file that nobody else can read: who knows them knows the key.
constexpr std::array<std::string_view, 2> kSecrets{"pin", "seed"};

/// Other commands than run take these.
constexpr std::array<std::string_view, 2> kOfKeystore{"store", "unlock"};

/// What the command line gives makes these of the file meaningless.
struct Override {
  std::string_view given;
  std::string_view ignored;
};
constexpr std::array kOverrides{
    Override{"ephemeral", "store"},  Override{"ephemeral", "unlock"}, Override{"keyless", "store"},
    Override{"keyless", "unlock"},   Override{"keyless", "pin"},      Override{"keyless", "seed"},
    Override{"store", "ephemeral"},  Override{"store", "pin"},        Override{"store", "seed"},
    Override{"unlock", "ephemeral"}, Override{"unlock", "pin"},       Override{"unlock", "seed"},
};

template <std::size_t size>
bool has(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

struct File {
  std::string content;
  bool private_to_user = false;
};

/// Nothing where there is no such file.
std::optional<File> read(const fs::path& path) {
  const auto name = keystore::quoted(path);
  const auto file = keystore::File::open(path, O_RDONLY);
  if (!file.valid()) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw Failure{"The configuration file " + name + " cannot be read (" + std::strerror(errno) +
                  "): mend its permissions, or give --no-config."};
  }
  struct stat status{};
  if (::fstat(file.descriptor(), &status) != 0 || (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)))
    throw UsageError{"The configuration file " + name + " is no ordinary file: name one with --config FILE."};
  File read;
  read.private_to_user = (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  read.content.resize(kMaxFile + 1);
  const auto size = file.read({reinterpret_cast<std::uint8_t*>(read.content.data()), read.content.size()});
  if (size < 0)
    throw Failure{"The configuration file " + name + " cannot be read (" + std::strerror(errno) +
                  "): check the disk, or give --no-config."};
  if (static_cast<std::size_t>(size) > kMaxFile)
    throw UsageError{"The configuration file " + name + " has more than 1 MiB: it is none of fauxkey's."};
  read.content.resize(static_cast<std::size_t>(size));
  return read;
}

/// One line of the file, as errors name it.
class Place {
 public:
  Place(const fs::path& path, std::size_t line) : text_{place_in(path.string(), line)} {}
  [[noreturn]] void refuse(const std::string& why) const {
    throw UsageError{text_ + why + " (see fauxkey help run)"};
  }

 private:
  std::string text_;
};

using Setting = TomlSetting;

std::vector<const CLI::Option*> configurable(const CLI::App& run) {
  auto options = options_of(run);
  std::erase_if(options, [](const CLI::Option* option) {
    return !option->get_configurable() || long_name(*option).empty();
  });
  return options;
}

const CLI::Option* find(const std::vector<const CLI::Option*>& options, std::string_view name) {
  const auto found = std::ranges::find_if(options, [&](const auto* one) { return long_name(*one) == name; });
  return found == options.end() ? nullptr : *found;
}

/// What kind of value a key takes, in words.
std::string kind_of(const CLI::Option& option) {
  if (is_flag(option)) return "true or false";
  if (is_list(option)) return "a text in quotes, or a list of such in [ ]";
  if (is_number(option)) return "a whole number";
  return "a text in quotes";
}

/// As the command line would have it.
std::vector<std::string> words_of(const CLI::Option& option, const Setting& setting, const Place& place) {
  const auto refuse = [&] { place.refuse(setting.key + " takes " + kind_of(option)); };
  const auto& value = *setting.value;
  if (const auto boolean = value.value_exact<bool>()) {
    if (is_flag(option)) return {*boolean ? "true" : "false"};
    if (option.get_expected_min() == 0 && *boolean) return {option.get_default_str()};
    refuse();
  }
  if (is_flag(option)) refuse();
  if (const auto number = value.value_exact<std::int64_t>()) {
    if (!is_number(option) || *number < 0) refuse();
    return {std::to_string(*number)};
  }
  if (is_number(option)) refuse();
  if (auto text = value.value_exact<std::string>()) return {*std::move(text)};
  const auto* const array = value.as_array();
  if (array == nullptr || !is_list(option)) refuse();
  if (array->empty()) place.refuse(setting.key + " is an empty list: leave it out, or give it a value");
  std::vector<std::string> words;
  for (const auto& element : *array) {
    auto text = element.value_exact<std::string>();
    if (!text) refuse();
    words.push_back(*std::move(text));
  }
  return words;
}

bool is_given(const CLI::App& command, std::string_view name) {
  const auto* const option = find(options_of(command), name);
  return option != nullptr && option->count() > 0 && (!is_flag(*option) || option->as<bool>());
}

/// Which of the file's keys the command line leaves no place for.
std::vector<std::string_view> overridden(const CLI::App& command) {
  std::vector<std::string_view> names;
  for (const auto& [given, ignored] : kOverrides)
    if (is_given(command, given)) names.push_back(ignored);
  return names;
}

void apply(CLI::Option& option, const std::vector<std::string>& words, const Setting& setting,
           const Place& place) {
  try {
    for (const auto& word : words) option.add_result(word);
    option.run_callback();
  } catch (const CLI::ParseError& error) {
    place.refuse(value_error(error, option, setting.key, words.front()));
  }
}

std::string toml_text(const std::string& text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string shown{'"'};
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      shown.append({'\\', c});
    } else if (byte < 0x20 || byte == 0x7f) {
      shown.append("\\u00").append({kDigits[byte >> 4U], kDigits[byte & 0xfU]});
    } else {
      shown += c;
    }
  }
  return shown + '"';
}

std::string toml_value(const CLI::Option& option) {
  const auto words = option.reduced_results();
  if (is_flag(option)) return option.as<bool>() ? "true" : "false";
  if (is_number(option)) return words.front();
  if (!is_list(option)) return toml_text(words.empty() ? option.get_default_str() : words.front());
  std::string list;
  for (const auto& word : words) list += (list.empty() ? "[" : ", ") + toml_text(word);
  return list + "]";
}

/// What could stand there.
std::string toml_placeholder(const CLI::Option& option) {
  if (is_flag(option)) return "true";
  if (is_number(option)) return "1";
  const auto choices = choices_of(option);
  const auto usual = std::ranges::find_if(choices, [&](const std::string& choice) {
    return option.get_description().find(" " + choice + " (default") != std::string::npos;
  });
  const auto text = toml_text(usual != choices.end() ? *usual
                              : choices.empty()      ? type_of(option)
                                                     : choices.front());
  return is_list(option) ? "[" + text + "]" : text;
}

}  // namespace

void add_configuration_options(CLI::App& program, ConfigurationChoice& choice) {
  auto* const none =
      program.add_flag("--no-config", choice.none, "Read no configuration file (fauxkey.toml)");
  program
      .add_option("--config", choice.file,
                  "Take options from this file (default: $XDG_CONFIG_HOME/fauxkey/fauxkey.toml, then "
                  "/etc/fauxkey/fauxkey.toml)")
      ->type_name("FILE")
      ->excludes(none);
}

std::vector<fs::path> configuration_files() {
  std::vector<fs::path> files;
  if (const auto folder = configuration_folder(); !folder.empty()) files.push_back(folder / "fauxkey.toml");
  files.emplace_back("/etc/fauxkey/fauxkey.toml");
  return files;
}

std::optional<fs::path> configure(const CLI::App& run, CLI::App& command, const ConfigurationChoice& choice) {
  const bool whole = &run == &command;
  const bool of_keystore = std::ranges::all_of(
      kOfKeystore, [&](std::string_view name) { return find(options_of(command), name) != nullptr; });
  if (choice.none || (!whole && !of_keystore)) return std::nullopt;

  std::optional<File> file;
  fs::path path;
  for (const auto& candidate :
       choice.file.empty() ? configuration_files() : std::vector<fs::path>{choice.file}) {
    path = candidate;
    file = read(path);
    if (file) break;
  }
  if (!file && choice.file.empty()) return std::nullopt;
  if (!file)
    throw UsageError{"There is no configuration file " + keystore::quoted(path) +
                     ": check --config, or make one with fauxkey run --print-config."};

  toml::table table;
  try {
    table = toml::parse(file->content, path.string());
  } catch (const toml::parse_error& error) {
    Place{path, error.source().begin.line}.refuse("this is no TOML: " + std::string{error.description()});
  }
  const auto keys = configurable(run);
  const auto ignored = overridden(command);
  for (const auto& setting : settings_of(table)) {
    const Place place{path, setting.line};
    const auto* const known = find(keys, setting.key);
    if (known == nullptr) {
      std::vector<std::string> names;
      names.reserve(keys.size());
      for (const auto* option : keys) names.push_back(long_name(*option));
      place.refuse("there is no option " + shown(setting.key) + guess(setting.key, names));
    }
    const auto words = words_of(*known, setting, place);
    if (has(kSecrets, setting.key) && !file->private_to_user)
      place.refuse("other users can read this file, and " + setting.key +
                   " is a secret: run chmod 600 on it");
    if (!whole && !has(kOfKeystore, setting.key)) continue;
    if (std::ranges::find(ignored, setting.key) != ignored.end()) continue;
    auto* const option = command.get_option("--" + setting.key);
    if (option->count() == 0) apply(*option, words, setting, place);
  }
  return path;
}

std::string to_toml(const CLI::App& run) {
  std::string text =
      "# Options of fauxkey run, as fauxkey.toml(5) describes them. It is read from\n"
      "# $XDG_CONFIG_HOME/fauxkey/fauxkey.toml, /etc/fauxkey/fauxkey.toml or --config FILE.\n";
  for (const auto* option : configurable(run)) {
    const auto name = long_name(*option);
    text += "\n# " + wrapped(option->get_description(), 98) + "\n";
    // The further lines of a description are comments, too.
    const auto begin = text.rfind("\n# ", text.size() - 2);
    for (auto at = text.find('\n', begin + 1); at + 1 < text.size(); at = text.find('\n', at + 1))
      text.insert(at + 1, "# ");
    if (option->count() == 0)
      text += "#" + name + " = " + toml_placeholder(*option) + "\n";
    else if (has(kSecrets, name))
      text += "# (It is set, and a secret, so it is not shown.)\n";
    else
      text += name + " = " + toml_value(*option) + "\n";
  }
  return text;
}

}  // namespace fauxkey::app
