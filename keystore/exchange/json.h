// JSON (RFC 8259) of other programs, read with bounds, in memory that is wiped, and with the place of each
// value in the document at hand for errors; and JSON that is written.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <nlohmann/ordered_map.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/wiping.h"
#include "keystore/exchange/base64.h"

namespace fauxkey::exchange {

using JsonIn = nlohmann::basic_json<std::map, std::vector, WipingString, bool, std::int64_t, std::uint64_t,
                                    double, WipingAllocator>;
/// Members stay in the order in which they are given.
using JsonOut = nlohmann::basic_json<nlohmann::ordered_map, std::vector, WipingString, bool, std::int64_t,
                                     std::uint64_t, double, WipingAllocator>;

/// What is wrong with a file: the end of a sentence that begins with the file's name.
class FormatError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A credential has about thirty values. Each takes 16 bytes and more, so that this bounds the memory.
inline constexpr std::size_t kMaxJsonValues = 4'000'000;
/// The document. Throws FormatError where it is none, or is larger or deeper than credentials need.
[[nodiscard]] JsonIn parse_json(ByteView bytes, std::size_t max_values = kMaxJsonValues);
/// With two spaces a level. What is no UTF-8 is replaced.
[[nodiscard]] WipingBytes write_json(const JsonOut& json);

[[nodiscard]] inline WipingString json_text(std::string_view text) { return WipingString{text}; }

/// A value and its place: "accounts[0].items[2].title". What is asked for and is not there, or is of another
/// type, is thrown as FormatError.
class Place {
 public:
  explicit Place(const JsonIn& document) : value_{&document} {}

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_array() const { return value_->is_array(); }
  [[nodiscard]] bool is_object() const { return value_->is_object(); }

  /// A member; where it is absent or null, nothing or the error that it is missing.
  [[nodiscard]] std::optional<Place> find(std::string_view name) const;
  [[nodiscard]] Place at(std::string_view name) const;
  /// Elements of an array.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] Place operator[](std::size_t index) const;

  /// The same value under another name, for documents that are no JSON.
  [[nodiscard]] Place named(std::string path) const { return {*value_, std::move(path)}; }

  [[nodiscard]] std::string_view text() const;
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] std::int64_t integer() const;
  [[nodiscard]] WipingBytes base64(Base64 kind = Base64::url_or_padded) const;

  // Members that may be absent.
  [[nodiscard]] std::optional<std::string> optional_text(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name, bool otherwise) const;

  /// "has at accounts[0].items[2] a value that …": `what` is the end of that sentence.
  [[nodiscard]] FormatError error(const std::string& what) const;

 private:
  Place(const JsonIn& value, std::string path) : value_{&value}, path_{std::move(path)} {}
  const JsonIn* value_;
  std::string path_;
};

}  // namespace fauxkey::exchange
