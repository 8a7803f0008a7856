// CBOR as CTAP2 uses it (CTAP 2.3, section 8 "Message Encoding"), on libcbor: a decoder that takes the
// canonical form alone and an encoder that makes nothing else.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "fauxkey/bytes.h"

namespace fauxkey::cbor {

/// Maps and arrays nest no deeper than this (CTAP 2.3, section 8).
inline constexpr int kMaxNesting = 4;
/// But for what a key answers: an attestation of format "compound" (WebAuthn 8.9) lies a level deeper.
inline constexpr int kMaxAnswerNesting = 5;

class Value;
using Array = std::vector<Value>;
/// In canonical order: shorter encoded keys first, then bytewise.
using Map = std::vector<std::pair<Value, Value>>;
struct Null {
  friend bool operator==(Null, Null) = default;
};
/// Well-formed, but of no type that CTAP2 uses: floats, undefined, other simple values.
struct Other {
  friend bool operator==(Other, Other) = default;
};

/// One data item.
class Value {
 public:
  /// The encoded argument n of a negative integer -1-n.
  struct Negative {
    std::uint64_t argument = 0;
    friend bool operator==(Negative, Negative) = default;
  };

  Value() : item_{Null{}} {}
  Value(bool value) : item_{value} {}  // NOLINT(google-explicit-constructor)
  template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  Value(T value) {  // NOLINT(google-explicit-constructor)
    if (std::cmp_less(value, 0))
      item_ = Negative{static_cast<std::uint64_t>(-(static_cast<std::int64_t>(value) + 1))};
    else
      item_ = static_cast<std::uint64_t>(value);
  }
  Value(Bytes value) : item_{std::move(value)} {}          // NOLINT(google-explicit-constructor)
  Value(std::string value) : item_{std::move(value)} {}    // NOLINT(google-explicit-constructor)
  Value(const char* value) : item_{std::string{value}} {}  // NOLINT(google-explicit-constructor)
  Value(Array value) : item_{std::move(value)} {}          // NOLINT(google-explicit-constructor)
  /// Entries may come in any order; encoding sorts them.
  Value(Map value) : item_{std::move(value)} {}  // NOLINT(google-explicit-constructor)
  Value(Other value) : item_{value} {}           // NOLINT(google-explicit-constructor)
  Value(Negative value) : item_{value} {}        // NOLINT(google-explicit-constructor)
  [[nodiscard]] static Value bytes(ByteView view) { return Bytes(view.begin(), view.end()); }

  /// The item as T, or nullptr: bool, Bytes, std::string, Array, Map, Null, Other.
  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&item_);
  }
  /// An integer that fits, whatever its sign.
  [[nodiscard]] const std::uint64_t* as_unsigned() const { return std::get_if<std::uint64_t>(&item_); }
  [[nodiscard]] bool is_integer() const {
    return as_unsigned() != nullptr || std::holds_alternative<Negative>(item_);
  }
  /// The integer, or nothing where it is none or lies outside int64.
  [[nodiscard]] std::optional<std::int64_t> as_integer() const;
  [[nodiscard]] const Negative* as_negative() const { return std::get_if<Negative>(&item_); }

  friend bool operator==(const Value&, const Value&) = default;

 private:
  std::variant<Null, bool, std::uint64_t, Negative, Bytes, std::string, Array, Map, Other> item_;
};

/// The value of `key`, or nullptr.
[[nodiscard]] const Value* find(const Map& map, std::int64_t key);
[[nodiscard]] const Value* find(const Map& map, std::string_view key);

/// Exactly one canonical item; the error is a sentence on what is wrong and at which byte.
[[nodiscard]] std::expected<Value, std::string> decode(ByteView bytes, int max_nesting = kMaxNesting);

/// The canonical encoding. Throws std::logic_error for an Other and for duplicate keys.
[[nodiscard]] Bytes encode(const Value& value);

}  // namespace fauxkey::cbor
