// One table of a persona file, whose keys are asked for one by one. All errors name file and line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/toml_settings.h"
#include "personas/personas.h"

namespace fauxkey::personas {

class Table {
 public:
  /// `name`: of the table within the file; empty: the file itself. Throws PersonaError for a key that is none
  /// of `known`.
  Table(const toml::table& table, std::string file, std::string name, const std::vector<std::string>& known);

  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
  [[nodiscard]] std::optional<bool> boolean(std::string_view key) const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view key, std::uint64_t least,
                                                    std::uint64_t greatest) const;
  /// Of texts; not empty unless `may_be_empty`, and nothing twice.
  [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view key,
                                                              bool may_be_empty = false) const;
  [[nodiscard]] std::optional<std::vector<std::uint64_t>> numbers(std::string_view key) const;
  /// nullptr where it is absent.
  [[nodiscard]] const toml::table* table(std::string_view key) const;

  /// One of a list of names and values.
  template <class Names>
  [[nodiscard]] auto choice(std::string_view key, const Names& names) const
      -> std::optional<decltype(names.front().value)> {
    const auto word = text(key);
    if (!word) return std::nullopt;
    return named(key, *word, names);
  }
  template <class Names>
  [[nodiscard]] auto choices(std::string_view key, const Names& names) const
      -> std::optional<std::vector<decltype(names.front().value)>> {
    const auto words = texts(key, true);
    if (!words) return std::nullopt;
    std::vector<decltype(names.front().value)> values;
    values.reserve(words->size());
    for (const auto& word : *words) values.push_back(named(key, word, names));
    return values;
  }

  /// "FILE:LINE: ", where the table begins.
  [[nodiscard]] std::string place() const { return place_in(file_, table_.source().begin.line); }
  /// The sentence goes on behind file, line and key.
  [[noreturn]] void refuse(std::string_view key, const std::string& why) const;
  /// A value that is none of those that there are.
  [[noreturn]] void refuse_word(std::string_view key, const std::string& word,
                                const std::vector<std::string>& known) const;

 private:
  template <class Names>
  [[nodiscard]] auto named(std::string_view key, const std::string& word, const Names& names) const {
    std::vector<std::string> known;
    known.reserve(names.size());
    for (const auto& row : names) {
      if (row.name == word) return row.value;
      known.emplace_back(row.name);
    }
    refuse_word(key, word, known);
  }
  [[nodiscard]] std::string described(std::string_view key) const;

  const toml::table& table_;
  std::string file_;
  std::string name_;
};

}  // namespace fauxkey::personas
