#include "cbor/cbor.h"

#include <doctest/doctest.h>

#include <string>

#include "cbor/utf8.h"

namespace cbor_test {

using namespace fauxkey;
using cbor::Array;
using cbor::Map;
using cbor::Value;

Bytes hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string{text.substr(i, 2)}, nullptr, 16)));
  }
  return bytes;
}

TEST_CASE("CBOR items of RFC 8949, appendix A, decode and encode to the same bytes") {
  struct Row {
    const char* encoded;
    Value value;
  };
  const std::vector<Row> rows{
      {"00", 0},
      {"17", 23},
      {"1818", 24},
      {"18ff", 255},
      {"190100", 256},
      {"1a000f4240", 1000000},
      {"1b000000e8d4a51000", std::int64_t{1000000000000}},
      {"1bffffffffffffffff", std::uint64_t{18446744073709551615U}},
      {"20", -1},
      {"3863", -100},
      {"3903e7", -1000},
      {"3bffffffffffffffff", Value::Negative{18446744073709551615U}},
      {"f4", false},
      {"f5", true},
      {"f6", Value{}},
      {"40", Bytes{}},
      {"4401020304", Bytes{1, 2, 3, 4}},
      {"60", ""},
      {"62c3bc", "\u00fc"},
      {"80", Array{}},
      {"83010203", Array{1, 2, 3}},
      {"a201020304", Map{{1, 2}, {3, 4}}},
      {"a26161016162820203", Map{{"a", 1}, {"b", Array{2, 3}}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.encoded);
    const auto decoded = cbor::decode(hex(row.encoded));
    REQUIRE(decoded.has_value());
    CHECK(*decoded == row.value);
    CHECK(cbor::encode(row.value) == hex(row.encoded));
  }
}

TEST_CASE("CBOR that is not canonical is refused") {
  for (const char* encoded : {
           "1817",                // 23 in two bytes
           "190018",              // 24 in three
           "1a0000ffff",          // 16 bits in 32
           "1b00000000ffffffff",  // 32 bits in 64
           "3817",                // -24 in two bytes
           "580101",              // string length 1 in two bytes
           "7801"
           "61",  // the same of a text
           "9801"
           "01",  // array length 1 in two bytes
           "b801"
           "0101",        // map length 1 in two bytes
           "5f4101ff",    // indefinite byte string
           "7f6161ff",    // indefinite text
           "9f01ff",      // indefinite array
           "bf0101ff",    // indefinite map
           "c001",        // tag
           "a203040102",  // keys out of order
           "a2616101"
           "0102",  // text key before an integer
           "a2626161"
           "01"
           "616202",      // longer text key first
           "a201020103",  // key twice
           "0000",        // a second item
           "62c328",      // no UTF-8
           "63eda080",    // a surrogate
           "ff",          // break alone
           "",            // nothing
           "18",
           "5803aabb",
           "8201",
           "a101",  // cut off
           "9bffffffffffffffff",
           "bbffffffffffffffff",
           "5bffffffffffffffff",  // claims beyond any message
       }) {
    CAPTURE(encoded);
    CHECK_FALSE(cbor::decode(hex(encoded)).has_value());
  }
}

TEST_CASE("CBOR nests four levels deep and no deeper") {
  CHECK(cbor::decode(hex("8181818101")).has_value());
  CHECK_FALSE(cbor::decode(hex("818181818101")).has_value());
  CHECK_FALSE(cbor::decode(Bytes(7000, 0x81)).has_value());
}

TEST_CASE("CBOR floats and undefined are well-formed, but of no type that CTAP2 takes") {
  for (const char* encoded : {"f7", "f93c00", "fa47c35000", "fb3ff199999999999a"}) {
    const auto value = cbor::decode(hex(encoded));
    REQUIRE(value.has_value());
    CHECK(value->as<cbor::Other>() != nullptr);
  }
}

TEST_CASE("CBOR map keys are encoded in CTAP2's order: major type, length, bytes") {
  const Value map = Map{{"b", 1}, {-1, 2}, {"aa", 3}, {256, 4}, {10, 5}, {"a", 6}};
  CHECK(cbor::encode(map) == hex("a6"
                                 "0a05"
                                 "19010004"
                                 "2002"
                                 "616106"
                                 "616201"
                                 "62616103"));
}

TEST_CASE("code points are counted, not bytes") {
  CHECK(cbor::count_code_points("1234") == 4U);
  CHECK(cbor::count_code_points("\u00e4\u20ac\U0001F511") == 3U);
  CHECK_FALSE(cbor::count_code_points("\xc0\x80").has_value());
  CHECK_FALSE(cbor::count_code_points("\xf4\x90\x80\x80").has_value());
}

}  // namespace cbor_test
