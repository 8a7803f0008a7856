// Typed access to the members of a request's map. The first mistake found is kept and later reads give empty
// values, so that a request is read line by line and asked once at the end whether it was in order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cbor/cbor.h"
#include "fauxkey/status.h"

namespace fauxkey::ctap {

/// A member whose key is a number, with the specification's name for it.
struct Member {
  int number;
  const char* name;
};

/// "0x02"
[[nodiscard]] std::string hex_number(unsigned number);
/// "member 0x02 (rp)", and of a map within the request's: "member 0x01 (templateId) of subCommandParams".
[[nodiscard]] std::string described(Member member, std::string_view of);
/// "member "id" of rp"
[[nodiscard]] std::string described(const char* member, std::string_view of);
/// "text string"
[[nodiscard]] const char* type_of(const cbor::Value& value);

class Reader {
 public:
  /// `of`: what the map is, where it is not the request's own.
  explicit Reader(const cbor::Map& map, std::string_view of = {}) : map_{map}, of_{of} {}

  template <class Key>
  [[nodiscard]] bool has(Key key) const {
    return find(key) != nullptr;
  }

  /// The member as T (std::uint64_t, bool, Bytes, std::string, cbor::Array, cbor::Map); nullptr where it is
  /// absent. CBOR_UNEXPECTED_TYPE where it is of another type.
  template <class T, class Key>
  const T* optional(Key key) {
    const auto* value = find(key);
    if (value == nullptr) return nullptr;
    const auto* typed = value->template as<T>();
    if (typed == nullptr) note_type(described(key, of_), *value, cbor::Value{T{}});
    return typed;
  }

  /// The same; MISSING_PARAMETER where it is absent.
  template <class T, class Key>
  const T& required(Key key) {
    static const T kEmpty{};
    if (!has(key)) note(Status::missing_parameter, described(key, of_) + " is missing");
    const T* value = optional<T>(key);
    return value != nullptr ? *value : kEmpty;
  }

  /// An optional text, copied.
  template <class Key>
  std::optional<std::string> optional_text(Key key) {
    const auto* text = optional<std::string>(key);
    return text != nullptr ? std::optional{*text} : std::nullopt;
  }

  template <class T, class Key>
  T value_or(Key key, T otherwise) {
    const auto* value = optional<T>(key);
    return value != nullptr ? *value : otherwise;
  }

  void note(Status status, std::string why);
  /// What is wrong with `what`, which should be of the type of `expected`.
  void note_type(const std::string& what, const cbor::Value& found, const cbor::Value& expected);
  /// What was found in a map within this one.
  void note(const Reader& part);

  [[nodiscard]] bool ok() const { return !refusal_; }
  /// The first mistake, which there is unless ok().
  [[nodiscard]] const Refusal& refusal() const { return *refusal_; }

 private:
  [[nodiscard]] const cbor::Value* find(Member member) const { return cbor::find(map_, member.number); }
  [[nodiscard]] const cbor::Value* find(const char* member) const { return cbor::find(map_, member); }

  const cbor::Map& map_;
  std::string_view of_;
  std::optional<Refusal> refusal_;
};

}  // namespace fauxkey::ctap
