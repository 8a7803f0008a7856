#include "personas/table.h"

#include <algorithm>

#include "base/text.h"

namespace fauxkey::personas {
namespace {

constexpr const char* kSee = " (see docs/personas.md)";

}  // namespace

Table::Table(const toml::table& table, std::string file, std::string name,
             const std::vector<std::string>& known)
    : table_{table}, file_{std::move(file)}, name_{std::move(name)} {
  for (const auto& setting : settings_of(table)) {
    if (std::ranges::find(known, setting.key) != known.end()) continue;
    throw PersonaError{place_in(file_, setting.line) + "there is no key " + setting.key +
                       (name_.empty() ? "" : " in [" + name_ + "]") + guess(setting.key, known) + kSee};
  }
}

std::string Table::described(std::string_view key) const {
  return (name_.empty() ? "" : "[" + name_ + "] ") + std::string{key};
}

void Table::refuse(std::string_view key, const std::string& why) const {
  const auto found = table_.find(key);
  const auto line = found == table_.end() ? table_.source().begin.line : found->first.source().begin.line;
  throw PersonaError{place_in(file_, line) + described(key) + " " + why + kSee};
}

void Table::refuse_word(std::string_view key, const std::string& word,
                        const std::vector<std::string>& known) const {
  refuse(key, "takes " + listed(known) + ", and not " + word + guess(word, known));
}

std::optional<std::string> Table::text(std::string_view key) const {
  const auto* const node = table_.get(key);
  if (node == nullptr) return std::nullopt;
  auto value = node->value_exact<std::string>();
  if (!value) refuse(key, "takes a text in quotes");
  return value;
}

std::optional<bool> Table::boolean(std::string_view key) const {
  const auto* const node = table_.get(key);
  if (node == nullptr) return std::nullopt;
  const auto value = node->value_exact<bool>();
  if (!value) refuse(key, "takes true or false");
  return value;
}

std::optional<std::uint64_t> Table::number(std::string_view key, std::uint64_t least,
                                           std::uint64_t greatest) const {
  const auto* const node = table_.get(key);
  if (node == nullptr) return std::nullopt;
  const auto value = node->value_exact<std::int64_t>();
  if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < least ||
      static_cast<std::uint64_t>(*value) > greatest) {
    refuse(key, "takes a whole number of " + std::to_string(least) + " to " + std::to_string(greatest));
  }
  return static_cast<std::uint64_t>(*value);
}

std::optional<std::vector<std::string>> Table::texts(std::string_view key, bool may_be_empty) const {
  const auto* const node = table_.get(key);
  if (node == nullptr) return std::nullopt;
  const auto* const array = node->as_array();
  if (array == nullptr) refuse(key, "takes a list of texts in [ ]");
  std::vector<std::string> words;
  words.reserve(array->size());
  for (const auto& element : *array) {
    auto text = element.value_exact<std::string>();
    if (!text) refuse(key, "takes a list of texts in [ ]");
    if (std::ranges::find(words, *text) != words.end()) refuse(key, "names " + *text + " twice");
    words.push_back(*std::move(text));
  }
  if (words.empty() && !may_be_empty) refuse(key, "is an empty list: leave it out, or give it a value");
  return words;
}

std::optional<std::vector<std::uint64_t>> Table::numbers(std::string_view key) const {
  const auto* const node = table_.get(key);
  if (node == nullptr) return std::nullopt;
  const auto* const array = node->as_array();
  if (array == nullptr || array->empty()) refuse(key, "takes a list of whole numbers in [ ]");
  std::vector<std::uint64_t> numbers;
  numbers.reserve(array->size());
  for (const auto& element : *array) {
    const auto number = element.value_exact<std::int64_t>();
    if (!number || *number < 0) refuse(key, "takes a list of whole numbers in [ ]");
    const auto value = static_cast<std::uint64_t>(*number);
    if (std::ranges::find(numbers, value) != numbers.end())
      refuse(key, "names " + std::to_string(value) + " twice");
    numbers.push_back(value);
  }
  return numbers;
}

const toml::table* Table::table(std::string_view key) const {
  const auto* const node = table_.get(key);
  if (node == nullptr) return nullptr;
  const auto* const found = node->as_table();
  if (found == nullptr) refuse(key, "is a table: write [" + std::string{key} + "]");
  return found;
}

}  // namespace fauxkey::personas
