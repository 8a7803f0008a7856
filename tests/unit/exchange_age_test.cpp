// age files there and back, as age itself writes them, and damaged. That age opens ours,
// tests/keystore/test_exchange.py shows.
#include "exchange_fixture.h"
#include "keystore/exchange/age.h"
#include "keystore/exchange/age_header.h"

namespace exchange_age_test {

using namespace fauxkey;
using namespace fauxkey::test;
namespace age = fauxkey::exchange::age;

namespace {

constexpr int kQuick = 4;  // a work factor for tests

SecretBytes passphrase(std::string_view text) { return SecretBytes::copy_of(view_of(text)); }

Bytes seal(ByteView plaintext, int work_factor = kQuick) {
  static SystemRandom random;
  return age::encrypt(plaintext, passphrase("correct horse"), random, work_factor);
}

auto open(ByteView file) { return age::decrypt(file, passphrase("correct horse"), age::kMaxWorkFactor); }

Bytes replaced(const Bytes& file, std::string_view from, std::string_view to) {
  std::string text{file.begin(), file.end()};
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  return {text.begin(), text.end()};
}

}  // namespace

TEST_CASE("age: what was encrypted is decrypted, whatever its size") {
  constexpr std::size_t kChunk = std::size_t{64} << 10U;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100}, kChunk - 1, kChunk,
                                 kChunk + 1, 2 * kChunk, 2 * kChunk + 1, 3 * kChunk + 77}) {
    CAPTURE(size);
    SystemRandom random;
    Bytes plaintext(size);
    random.fill(plaintext);
    const auto opened = open(seal(plaintext));
    REQUIRE(opened.has_value());
    CHECK(std::ranges::equal(*opened, plaintext));
  }
}

TEST_CASE("age: what age -p has written is decrypted, binary and armored") {
  const auto binary = open(exchange_file("age-two-chunks.age"));
  REQUIRE(binary.has_value());
  CHECK(std::ranges::equal(*binary, Bytes(70'000, 'a')));
  const auto armored = open(exchange_file("age-armored.age"));
  REQUIRE(armored.has_value());
  CHECK(std::ranges::equal(*armored, exchange_file("playwright.json")));
}

TEST_CASE("age: another passphrase opens nothing, and is said to be wrong") {
  const auto opened = age::decrypt(seal(Bytes{1}), passphrase("correct horsf"), age::kMaxWorkFactor);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().wrong_passphrase);
}

TEST_CASE("age: no byte of a file can be changed or cut off") {
  const Bytes file = seal(view_of("content of the file"));
  for (std::size_t i = 0; i < file.size(); ++i) {
    Bytes changed = file;
    changed[i] ^= 1U;
    CAPTURE(i);
    // Of the work factor's digit another low one may come, which opens nothing either.
    CHECK_FALSE(open(changed).has_value());
    CHECK_FALSE(open(ByteView{file}.first(i)).has_value());
  }
  Bytes longer = file;
  longer.push_back(0);
  CHECK_FALSE(open(longer).has_value());
}

TEST_CASE("age: chunks cannot be left out, swapped or taken for the last one") {
  constexpr std::size_t kSealed = (std::size_t{64} << 10U) + 16;
  const Bytes file = seal(Bytes(3 * (std::size_t{64} << 10U), 'x'));
  const std::size_t header = file.size() - 3 * kSealed;
  const auto at = [&](std::size_t chunk) {
    return file.begin() + static_cast<std::ptrdiff_t>(header + chunk * kSealed);
  };
  Bytes without_last{file.begin(), at(2)};
  CHECK_FALSE(open(without_last).has_value());
  Bytes without_middle{file.begin(), at(1)};
  without_middle.insert(without_middle.end(), at(2), file.end());
  CHECK_FALSE(open(without_middle).has_value());
  Bytes swapped{file.begin(), at(0)};
  swapped.insert(swapped.end(), at(1), at(2));
  swapped.insert(swapped.end(), at(0), at(1));
  swapped.insert(swapped.end(), at(2), file.end());
  CHECK_FALSE(open(swapped).has_value());
  CHECK(open(file).has_value());
}

TEST_CASE("age: a file that asks for more work than is reasonable is refused before the work") {
  const Bytes file = seal(Bytes{1});
  for (const char* factor : {" 21\n", " 40\n", " 63\n"}) {
    const auto opened = open(replaced(file, " 4\n", factor));
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().message.find("work factor") != std::string::npos);
  }
}

TEST_CASE("age: headers that are not as the specification has them are refused") {
  const Bytes file = seal(Bytes{1});
  for (const char* factor :
       {" 04\n", " +4\n", " 4 5\n", " 64\n", " 999999999999\n", " 0\n", " \n", " 4\r\n"}) {
    CAPTURE(factor);
    const auto opened = open(replaced(file, " 4\n", factor));
    REQUIRE_FALSE(opened.has_value());
    CHECK_FALSE(opened.error().wrong_passphrase);
  }
  CHECK_FALSE(open(replaced(file, "-> scrypt ", "-> scrypt  ")).has_value());
  CHECK_FALSE(open(replaced(file, "\n--- ", "=\n--- ")).has_value());
  CHECK_FALSE(open(replaced(file, "\n--- ", "\n-> scrypt AA 1\n\n--- ")).has_value());
}

TEST_CASE("age: files that other recipients or versions have are refused by name") {
  const auto x25519 = open(view_of(
      "age-encryption.org/v1\n-> X25519 XEl0dJ6y3C7KZkgmgWUicg63EyXJiwBJW8PdYJ/cYBE\n"
      "qRS0AMjdjPvZ/WT08U2KL4G+PIooA3hy38SvLpvaC1E\n--- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s\n"));
  REQUIRE_FALSE(x25519.has_value());
  CHECK(x25519.error().message.find("encrypted to a key") != std::string::npos);
  const auto newer = open(view_of("age-encryption.org/v2\n"));
  REQUIRE_FALSE(newer.has_value());
  CHECK(newer.error().message.find("version") != std::string::npos);
}

TEST_CASE("age: the armor is taken in its strict form alone, with white space around it") {
  const Bytes file = exchange_file("age-armored.age");
  const std::string text{file.begin(), file.end()};
  CHECK(age::unarmor(text).has_value());
  CHECK(age::unarmor("\n \t" + text + "\n\n").has_value());
  std::string crlf;
  for (const char c : text) crlf += c == '\n' ? "\r\n" : std::string{c};
  CHECK(age::unarmor(crlf).has_value());
  CHECK_FALSE(age::unarmor("x" + text).has_value());
  CHECK_FALSE(age::unarmor(text + "x").has_value());
  const auto end = text.find("-----END");
  CHECK_FALSE(age::unarmor(text.substr(0, end)).has_value());
  CHECK_FALSE(age::unarmor(text.substr(0, end) + "\n" + text.substr(end)).has_value());
  const auto line = text.find('\n') + 1;
  CHECK_FALSE(age::unarmor(text.substr(0, line + 10) + "\n" + text.substr(line + 10)).has_value());
  CHECK_FALSE(age::unarmor(text.substr(0, line + 10) + " " + text.substr(line + 11)).has_value());
}

}  // namespace exchange_age_test
