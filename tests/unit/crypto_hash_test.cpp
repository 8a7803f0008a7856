#include "crypto/hash.h"

#include <atomic>
#include <thread>
#include <vector>

#include "crypto/aes.h"
#include "crypto_vectors.h"

namespace crypto_hash_test {

using namespace fauxkey;
using namespace fauxkey::test;

TEST_CASE("SHA-256 gives the hashes of FIPS 180-4 and NIST CAVP") {
  const auto file = vectors("hash.json");
  for (const auto& row : file.at("sha256")) {
    CAPTURE(row.at("case").get<std::string>());
    const Bytes message = unhex(row, "message");
    CHECK(hex(crypto::sha256(message)) == row.at("hash").get<std::string>());
  }
}

TEST_CASE("SHA-256 over parts is that over the whole, wherever it is cut") {
  const Bytes whole(200, 0x5a);
  const auto expected = crypto::sha256(whole);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut)
    CHECK(crypto::sha256({ByteView{whole}.first(cut), {}, ByteView{whole}.subspan(cut)}) == expected);
  CHECK(crypto::sha256(std::string_view{"abc"}) == crypto::sha256(unhex("616263")));
}

TEST_CASE("HMAC-SHA-256 gives the codes of RFC 4231") {
  const auto file = vectors("hash.json");
  for (const auto& row : file.at("hmac_sha256")) {
    CAPTURE(row.at("case").get<std::string>());
    const Bytes key = unhex(row, "key");
    const Bytes message = unhex(row, "message");
    CHECK(hex(crypto::hmac_sha256(key, {message})) == row.at("mac").get<std::string>());
    const std::size_t half = message.size() / 2;
    CHECK(hex(crypto::hmac_sha256_secret(key,
                                         {ByteView{message}.first(half), ByteView{message}.subspan(half)})) ==
          row.at("mac").get<std::string>());
  }
}

TEST_CASE("HMAC-SHA-256 takes an empty key and an empty message") {
  // Both as any other implementation gives them: printf '' | openssl dgst -sha256 -mac HMAC -macopt hexkey:00
  CHECK(hex(crypto::hmac_sha256({}, {})) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("HKDF-SHA-256 gives the first 32 bytes of RFC 5869's outputs") {
  const auto file = vectors("hash.json");
  for (const auto& row : file.at("hkdf_sha256")) {
    CAPTURE(row.at("case").get<std::string>());
    const Bytes info = unhex(row, "info");
    const auto key = crypto::hkdf_sha256(unhex(row, "ikm"), unhex(row, "salt"),
                                         {reinterpret_cast<const char*>(info.data()), info.size()});
    CHECK(hex(key) == row.at("okm").get<std::string>().substr(0, 64));
  }
}

TEST_CASE("keyed hashes and ciphers may be used from many threads at once") {
  const Bytes message(100, 7);
  const auto key = array_of<32>(Bytes(32, 3));
  const auto iv = array_of<16>(Bytes(16, 4));
  const Bytes block(64, 9);
  const auto mac = crypto::hmac_sha256(key, {message});
  const auto sealed = crypto::aes256_cbc_encrypt(key, iv, block);
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int round = 0; round < 300; ++round) {
          if (crypto::hmac_sha256(key, {message}) != mac) ++wrong;
          if (crypto::aes256_cbc_encrypt(key, iv, block) != sealed) ++wrong;
        }
      });
  }
  CHECK(wrong == 0);
}

}  // namespace crypto_hash_test
