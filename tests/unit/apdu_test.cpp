#include "u2f/apdu.h"

#include <doctest/doctest.h>

namespace apdu_test {

using namespace fauxkey;
using u2f::parse_apdu;
using u2f::StatusWord;

Bytes with_length(Bytes head, std::size_t data_size, Bytes tail = {}) {
  head.resize(head.size() + data_size, 0xAB);
  append(head, tail);
  return head;
}

TEST_CASE("an APDU's data is found in short and extended encodings, with and without Le") {
  struct Row {
    const char* what;
    Bytes bytes;
    std::size_t data_size;
  };
  for (const auto& row : {
           Row{"header alone", {0, 3, 0, 0}, 0},
           Row{"short Le", {0, 3, 0, 0, 0}, 0},
           Row{"extended Le", {0, 3, 0, 0, 0, 0, 0}, 0},
           Row{"short Lc", with_length({0, 1, 0, 0, 64}, 64), 64},
           Row{"short Lc and Le", with_length({0, 1, 0, 0, 64}, 64, {0}), 64},
           Row{"extended Lc", with_length({0, 1, 0, 0, 0, 0, 64}, 64), 64},
           Row{"extended Lc and Le", with_length({0, 1, 0, 0, 0, 0, 64}, 64, {0, 0}), 64},
           Row{"extended Lc over 255", with_length({0, 2, 3, 0, 0, 1, 64}, 320), 320},
       }) {
    CAPTURE(row.what);
    const auto apdu = parse_apdu(row.bytes);
    REQUIRE(apdu.has_value());
    CHECK(apdu->data.size() == row.data_size);
    CHECK(apdu->ins == row.bytes[1]);
    CHECK(apdu->p1 == row.bytes[2]);
  }
}

TEST_CASE("an APDU whose lengths do not add up is a wrong length") {
  for (const auto& bytes : {
           Bytes{},
           Bytes{0, 1, 0},
           with_length({0, 1, 0, 0, 64}, 63),
           with_length({0, 1, 0, 0, 64}, 66),
           with_length({0, 1, 0, 0, 0, 0, 64}, 63),
           with_length({0, 1, 0, 0, 0, 0, 64}, 65),
           with_length({0, 1, 0, 0, 0, 0, 64}, 67),
           Bytes{0, 1, 0, 0, 0, 0},
           Bytes{0, 1, 0, 0, 0, 0, 0, 0},
           with_length({0, 1, 0, 0, 0, 0xFF, 0xFF}, 10),
       }) {
    CAPTURE(bytes.size());
    const auto apdu = parse_apdu(bytes);
    REQUIRE_FALSE(apdu.has_value());
    CHECK(apdu.error() == StatusWord::wrong_length);
  }
}

}  // namespace apdu_test
