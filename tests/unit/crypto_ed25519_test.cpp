#include "crypto/ed25519.h"

#include <stdexcept>

#include "crypto_vectors.h"

namespace crypto_ed25519_test {

using namespace fauxkey;
using namespace fauxkey::test;
namespace ed25519 = crypto::ed25519;

TEST_CASE("Ed25519 gives the keys and signatures of RFC 8032") {
  const auto file = vectors("ed25519.json");
  for (const auto& row : file.at("cases")) {
    CAPTURE(row.at("case").get<std::string>());
    const Bytes seed = unhex(row, "seed");
    const Bytes message = unhex(row, "message");
    const auto key = ed25519::public_key(seed);
    CHECK(hex(key) == row.at("public_key").get<std::string>());
    CHECK(hex(ed25519::sign(seed, message)) == row.at("signature").get<std::string>());
    CHECK(ed25519::verify(key, message, unhex(row, "signature")));
  }
}

TEST_CASE("Ed25519 refuses a signature with any byte changed, cut or of another message") {
  const auto row = vectors("ed25519.json").at("cases").at(2);
  const auto key = array_of<32>(unhex(row, "public_key"));
  const Bytes message = unhex(row, "message");
  const Bytes signature = unhex(row, "signature");
  for (std::size_t i = 0; i < signature.size(); ++i) {
    Bytes changed = signature;
    changed[i] ^= 1;
    CHECK_FALSE(ed25519::verify(key, message, changed));
  }
  CHECK_FALSE(ed25519::verify(key, message, ByteView{signature}.first(63)));
  CHECK_FALSE(ed25519::verify(key, message, {}));
  CHECK_FALSE(ed25519::verify(key, unhex("af83"), signature));
}

TEST_CASE("Ed25519 takes seeds of 32 bytes alone") {
  CHECK_THROWS_AS((void)ed25519::public_key(Bytes(31)), std::invalid_argument);
  CHECK_THROWS_AS((void)ed25519::sign(Bytes(64), {}), std::invalid_argument);
}

}  // namespace crypto_ed25519_test
