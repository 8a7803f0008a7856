// JSON as the control plane speaks it, and the strict reading of what clients send.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "base/wiping.h"
#include "fauxkey/bytes.h"
#include "keystore/exchange/json.h"
#include "personas/names.h"

namespace fauxkey::control {

/// Members stay in the order in which they are set.
using Json = nlohmann::ordered_json;

/// What clients send may hold private keys and PINs, so it is read into memory that is wiped.
using exchange::JsonIn;

/// In one line; what is no UTF-8 shows as U+FFFD.
[[nodiscard]] std::string to_text(const Json& json);
[[nodiscard]] std::string base64url(ByteView bytes);
/// Either alphabet, with or without padding; nothing where it is no base64.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

/// What a client sent and may not. One sentence, with what to do next.
class BadRequest : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A request's body; an empty one is an empty object. Throws BadRequest.
[[nodiscard]] JsonIn parse_body(std::string_view body);
/// The same without wiping, for what holds no secret.
[[nodiscard]] Json plain(const JsonIn& json);

/// Those of a table, each of whose rows has one.
template <class Rows>
[[nodiscard]] std::string names_of(const Rows& rows) {
  return listed(rows, [](const auto& row) { return row.name; });
}

/// An object of a request, whose members are asked for one by one. Each that is asked for is known: `done`
/// refuses what is left.
class JsonReader {
 public:
  /// `what`: how sentences name it: "The request", "user". Throws BadRequest where it is no object.
  JsonReader(const JsonIn& object, std::string what);

  [[nodiscard]] const JsonIn* find(std::string_view name);
  [[nodiscard]] const JsonIn& at(std::string_view name);
  [[nodiscard]] std::optional<std::string> text(std::string_view name);
  [[nodiscard]] std::optional<WipingString> secret(std::string_view name);
  [[nodiscard]] std::optional<bool> boolean(std::string_view name);
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t least,
                                                    std::int64_t greatest);
  [[nodiscard]] std::optional<double> number(std::string_view name, double above, double greatest);
  [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view name);
  [[nodiscard]] std::optional<Bytes> bytes(std::string_view name);
  /// One of a table's names; each row has `name` and `value`.
  template <class Rows>
  [[nodiscard]] auto choice(std::string_view name, const Rows& rows)
      -> std::optional<decltype(rows.begin()->value)> {
    const auto word = text(name);
    if (!word) return std::nullopt;
    for (const auto& row : rows) {
      if (*word == row.name) return row.value;
    }
    throw BadRequest{named(name) + " is none of: " + names_of(rows) + "."};
  }
  /// Throws BadRequest where there are members that nobody has asked for.
  void done() const;
  [[nodiscard]] std::string named(std::string_view name) const;

 private:
  [[nodiscard]] const JsonIn* typed(std::string_view name, bool (JsonIn::*is)() const noexcept,
                                    const char* what);

  const JsonIn& object_;
  std::string what_;
  std::vector<std::string> known_;
};

/// Of a table's values.
using personas::Named;
template <class Rows, class T>
[[nodiscard]] std::string_view name_in(const Rows& rows, const T& value) {
  for (const auto& row : rows) {
    if (row.value == value) return row.name;
  }
  return {};
}

}  // namespace fauxkey::control
