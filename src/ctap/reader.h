// Typed access to the members of a request's map. The first mistake found is kept and later reads give empty
// values, so that a request is read line by line and asked once at the end whether it was in order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cbor/cbor.h"
#include "fauxkey/status.h"

namespace fauxkey::ctap {

class Reader {
 public:
  explicit Reader(const cbor::Map& map) : map_{map} {}

  /// The member as T (std::uint64_t, bool, Bytes, std::string, cbor::Array, cbor::Map); nullptr where it is
  /// absent. CBOR_UNEXPECTED_TYPE where it is of another type.
  template <class T, class Key>
  const T* optional(Key key) {
    const auto* value = cbor::find(map_, key);
    if (value == nullptr) return nullptr;
    const auto* typed = value->template as<T>();
    if (typed == nullptr) note(Status::cbor_unexpected_type);
    return typed;
  }

  /// The same; MISSING_PARAMETER where it is absent.
  template <class T, class Key>
  const T& required(Key key) {
    static const T kEmpty{};
    if (cbor::find(map_, key) == nullptr) note(Status::missing_parameter);
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

  void note(Status status) {
    if (status_ == Status::ok) status_ = status;
  }
  [[nodiscard]] Status status() const { return status_; }

 private:
  const cbor::Map& map_;
  Status status_ = Status::ok;
};

}  // namespace fauxkey::ctap
