#include "attack/file_reader.h"

#include <algorithm>
#include <sstream>

#include "attack/error.h"

#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace fauxkey::attack {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20U;

Node node_of(const toml::node& item, const std::string& file) {
  Node node;
  node.line = item.source().begin.line;
  if (const auto* const table = item.as_table()) {
    node.members.reserve(table->size());
    for (const auto& [name, value] : *table) node.members.emplace_back(name.str(), node_of(value, file));
    std::ranges::stable_sort(node.members, {}, [](const auto& one) { return one.second.line; });
    return node;
  }
  if (const auto* const array = item.as_array()) {
    node.kind = Node::Kind::array;
    node.elements.reserve(array->size());
    for (const auto& element : *array) node.elements.push_back(node_of(element, file));
    return node;
  }
  if (const auto text = item.value_exact<std::string>()) {
    node.kind = Node::Kind::text;
    node.text = *text;
  } else if (const auto number = item.value_exact<std::int64_t>()) {
    node.kind = Node::Kind::number;
    node.number = *number;
  } else if (const auto boolean = item.value_exact<bool>()) {
    node.kind = Node::Kind::boolean;
    node.boolean = *boolean;
  } else {
    throw FileError{file + ":" + std::to_string(node.line) +
                    ": dates and fractions have no meaning here: write a text, a whole number, true or "
                    "false."};
  }
  return node;
}

const char* name_of_kind(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::table:
      return "a table";
    case Node::Kind::array:
      return "a list in [ ]";
    case Node::Kind::text:
      return "a text in quotes";
    case Node::Kind::number:
      return "a whole number";
    case Node::Kind::boolean:
      break;
  }
  return "true or false";
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Json Node::json() const {
  switch (kind) {
    case Kind::text:
      return text;
    case Kind::number:
      return number;
    case Kind::boolean:
      return boolean;
    case Kind::array: {
      Json array = Json::array();
      for (const auto& element : elements) array.push_back(element.json());
      return array;
    }
    case Kind::table:
      break;
  }
  Json object = Json::object();
  for (const auto& [name, member] : members) object[name] = member.json();
  return object;
}

Node read_toml(std::string_view content, const std::string& file) {
  if (content.size() > kMaxFile)
    throw FileError{file + ":1: the file has more than 1 MiB: split it into several."};
  try {
    const auto table = toml::parse(content, file);
    return node_of(table, file);
  } catch (const toml::parse_error& error) {
    throw FileError{file + ":" + std::to_string(error.source().begin.line) +
                    ": this is no TOML: " + std::string{error.description()} +
                    ". Mend the line, and see docs/attack-pack.md for what a file looks like."};
  }
}

TableReader::TableReader(const Node& table, const std::string& file, std::string what)
    : table_{table}, file_{file}, what_{std::move(what)} {
  if (table.kind != Node::Kind::table) refuse(table, what_ + " has to be a table");
}

const Node* TableReader::find(std::string_view name) {
  known_.emplace_back(name);
  const auto found = std::ranges::find(table_.members, name, [](const auto& one) { return one.first; });
  return found == table_.members.end() ? nullptr : &found->second;
}

const Node* TableReader::find(std::string_view name, Node::Kind kind) {
  const auto* const node = find(name);
  if (node != nullptr && node->kind != kind)
    refuse(*node, "\"" + std::string{name} + "\" of " + what_ + " has to be " + name_of_kind(kind));
  return node;
}

const Node& TableReader::need(std::string_view name, Node::Kind kind) {
  const auto* const node = find(name, kind);
  if (node == nullptr)
    refuse(table_, what_ + " lacks \"" + std::string{name} + "\": add it, " + name_of_kind(kind));
  return *node;
}

std::string TableReader::text(std::string_view name, std::string otherwise) {
  const auto* const node = find(name, Node::Kind::text);
  if (node != nullptr) return node->text;
  return otherwise;
}

bool TableReader::boolean(std::string_view name, bool otherwise) {
  const auto* const node = find(name, Node::Kind::boolean);
  return node != nullptr ? node->boolean : otherwise;
}

std::optional<std::int64_t> TableReader::number(std::string_view name) {
  const auto* const node = find(name, Node::Kind::number);
  return node != nullptr ? std::optional{node->number} : std::nullopt;
}

std::vector<std::string> TableReader::texts(std::string_view name) {
  std::vector<std::string> texts;
  const auto* const node = find(name, Node::Kind::array);
  if (node == nullptr) return texts;
  texts.reserve(node->elements.size());
  for (const auto& element : node->elements) {
    if (element.kind != Node::Kind::text)
      refuse(element, "\"" + std::string{name} + "\" of " + what_ + " has to be a list of texts in quotes");
    texts.push_back(element.text);
  }
  return texts;
}

Bytes TableReader::hex(std::string_view name) {
  Bytes bytes;
  const auto* const node = find(name, Node::Kind::text);
  if (node == nullptr) return bytes;
  int high = -1;
  for (const char c : node->text) {
    if (c == ' ' && high < 0) continue;
    const int digit = hex_digit(c);
    if (digit < 0)
      refuse(*node,
             "\"" + std::string{name} + "\" has to be bytes in hexadecimal digits, as in \"ef bb bf\"");
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  if (high >= 0)
    refuse(*node, "\"" + std::string{name} + "\" has half a byte at its end: each byte has two digits");
  return bytes;
}

void TableReader::done() const {
  for (const auto& [name, node] : table_.members) {
    if (std::ranges::find(known_, name) != known_.end()) continue;
    auto sentence = what_;
    refuse(
        node,
        sentence.append(" has no member \"").append(name).append("\"; it may have: ").append(listed(known_)));
  }
}

void TableReader::refuse(const Node& where, const std::string& sentence) const {
  throw FileError{file_ + ":" + std::to_string(std::max<std::size_t>(where.line, 1)) + ": " + sentence + "."};
}

}  // namespace fauxkey::attack
