// TOML files that people write: what stands in them, line by line, for errors that name the line.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "base/nearest.h"

namespace fauxkey {

struct TomlSetting {
  std::string key;
  std::size_t line = 0;
  const toml::node* value = nullptr;
};

/// Of one table, in the file's order, so that what is wrong first is told first.
[[nodiscard]] inline std::vector<TomlSetting> settings_of(const toml::table& table) {
  std::vector<TomlSetting> settings;
  settings.reserve(table.size());
  for (const auto& [key, value] : table)
    settings.push_back({std::string{key.str()}, key.source().begin.line, &value});
  std::ranges::sort(settings, {}, &TomlSetting::line);
  return settings;
}

/// "FILE:LINE: ", as sentences about it begin.
[[nodiscard]] inline std::string place_in(const std::string& file, std::size_t line) {
  return file + ":" + std::to_string(line) + ": ";
}

/// "; is NAME meant?", or nothing.
[[nodiscard]] inline std::string guess(std::string_view word, const std::vector<std::string>& words) {
  const auto name = nearest(word, words);
  return name.empty() ? "" : "; is " + name + " meant?";
}

}  // namespace fauxkey
