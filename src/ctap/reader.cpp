#include "ctap/reader.h"

#include <array>
#include <cstdio>
#include <utility>

namespace fauxkey::ctap {
namespace {

std::string of_whom(std::string_view of) { return of.empty() ? "" : " of " + std::string{of}; }

}  // namespace

std::string hex_number(unsigned number) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "0x%02x", number);
  return text.data();
}

std::string described(Member member, std::string_view of) {
  return "member " + hex_number(static_cast<unsigned>(member.number)) + " (" + member.name + ")" +
         of_whom(of);
}

std::string described(const char* member, std::string_view of) {
  return "member \"" + std::string{member} + "\"" + of_whom(of);
}

const char* type_of(const cbor::Value& value) {
  if (value.as_unsigned() != nullptr) return "unsigned integer";
  if (value.as_negative() != nullptr) return "negative integer";
  if (value.as<bool>() != nullptr) return "boolean";
  if (value.as<Bytes>() != nullptr) return "byte string";
  if (value.as<std::string>() != nullptr) return "text string";
  if (value.as<cbor::Array>() != nullptr) return "array";
  if (value.as<cbor::Map>() != nullptr) return "map";
  if (value.as<cbor::Null>() != nullptr) return "null";
  return "value of a type that CTAP2 does not use";
}

void Reader::note(Status status, std::string why) {
  if (!refusal_) refusal_ = Refusal{status, std::move(why)};
}

void Reader::note_type(const std::string& what, const cbor::Value& found, const cbor::Value& expected) {
  note(Status::cbor_unexpected_type, what + " is of type " + type_of(found) + ", not " + type_of(expected));
}

void Reader::note(const Reader& part) {
  if (!part.ok() && !refusal_) refusal_ = part.refusal_;
}

}  // namespace fauxkey::ctap
