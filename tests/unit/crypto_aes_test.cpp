#include "crypto/aes.h"

#include <stdexcept>

#include "crypto_vectors.h"

namespace crypto_aes_test {

using namespace fauxkey;
using namespace fauxkey::test;

TEST_CASE("AES-256-CBC gives the blocks of NIST SP 800-38A both ways") {
  const auto file = vectors("aes_cbc.json");
  for (const auto& row : file.at("cases")) {
    const auto key = array_of<32>(unhex(row, "key"));
    const auto iv = array_of<16>(unhex(row, "iv"));
    CHECK(hex(crypto::aes256_cbc_encrypt(key, iv, unhex(row, "plaintext"))) ==
          row.at("ciphertext").get<std::string>());
    CHECK(hex(crypto::aes256_cbc_decrypt(key, iv, unhex(row, "ciphertext"))) ==
          row.at("plaintext").get<std::string>());
  }
}

TEST_CASE("AES-256-CBC refuses what is not a whole number of blocks") {
  const auto key = array_of<32>(Bytes(32, 1));
  const auto iv = array_of<16>(Bytes(16, 2));
  for (const std::size_t size : {1U, 15U, 17U, 63U}) {
    CHECK_THROWS_AS((void)crypto::aes256_cbc_encrypt(key, iv, Bytes(size)), std::invalid_argument);
    CHECK_THROWS_AS((void)crypto::aes256_cbc_decrypt(key, iv, Bytes(size)), std::invalid_argument);
  }
  CHECK(crypto::aes256_cbc_encrypt(key, iv, {}).empty());
  CHECK(crypto::aes256_cbc_decrypt(key, iv, {}).empty());
}

}  // namespace crypto_aes_test
