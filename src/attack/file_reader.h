// TOML files of people, read strictly: each value knows its line, and a member that nobody has asked for is
// an error, so that a misspelt one does not pass for a default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/json.h"

namespace fauxkey::attack {

using control::Json;

struct Node {
  enum class Kind : std::uint8_t { table, array, text, number, boolean };
  Kind kind = Kind::table;
  std::size_t line = 0;
  std::string text{};
  std::int64_t number = 0;
  bool boolean = false;
  std::vector<std::pair<std::string, Node>> members{};  ///< in the file's order
  std::vector<Node> elements{};

  [[nodiscard]] Json json() const;
};

/// The file's root table. Throws FileError; `file` is how errors name it.
[[nodiscard]] Node read_toml(std::string_view content, const std::string& file);

/// A table's members, asked for one by one. Throws FileError for what is not as asked.
class TableReader {
 public:
  /// `what`: how sentences name the table: "scenario", "[registration.options]".
  TableReader(const Node& table, const std::string& file, std::string what);

  [[nodiscard]] const Node* find(std::string_view name);
  [[nodiscard]] const Node* find(std::string_view name, Node::Kind kind);
  [[nodiscard]] const Node& need(std::string_view name, Node::Kind kind);
  [[nodiscard]] std::string text(std::string_view name) { return need(name, Node::Kind::text).text; }
  [[nodiscard]] std::string text(std::string_view name, std::string otherwise);
  [[nodiscard]] bool boolean(std::string_view name, bool otherwise);
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name);
  /// A list of texts; empty where it is not there.
  [[nodiscard]] std::vector<std::string> texts(std::string_view name);
  /// Bytes in hexadecimal digits, spaces between them as one likes; empty where it is not there.
  [[nodiscard]] Bytes hex(std::string_view name);
  /// One of `rows`, each with `name` and `value`; nothing where it is not there.
  template <class Rows>
  [[nodiscard]] auto choice(std::string_view name, const Rows& rows)
      -> std::optional<decltype(rows.begin()->value)> {
    const auto* const node = find(name, Node::Kind::text);
    if (node == nullptr) return std::nullopt;
    return one_of(*node, rows);
  }
  template <class Rows>
  [[nodiscard]] auto one_of(const Node& node, const Rows& rows) -> decltype(rows.begin()->value) {
    for (const auto& row : rows) {
      if (node.text == row.name) return row.value;
    }
    refuse(node, "\"" + node.text + "\" is none of: " + control::names_of(rows));
  }
  /// Refuses what nobody has asked for.
  void done() const;
  [[noreturn]] void refuse(const Node& where, const std::string& sentence) const;

 private:
  const Node& table_;
  const std::string& file_;
  std::string what_;
  std::vector<std::string> known_;
};

}  // namespace fauxkey::attack
