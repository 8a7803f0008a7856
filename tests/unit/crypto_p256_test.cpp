#include "crypto/p256.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "crypto/deterministic.h"
#include "crypto/ecdsa_der.h"
#include "crypto/hash.h"
#include "crypto/p256_scalar.h"
#include "crypto_vectors.h"

namespace crypto_p256_test {

using namespace fauxkey;
using namespace fauxkey::test;
namespace p256 = crypto::p256;

// n, the order of the group (SP 800-186, 3.2.1.3).
const char* const kOrder = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const char* const kOrderMinusOne = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";

Bytes point_of(const p256::PublicKey& key) {
  Bytes point{0x04};
  append(point, key.x);
  append(point, key.y);
  return point;
}

// SubjectPublicKeyInfo (RFC 5480), as the openssl program reads keys.
Bytes subject_public_key_info(const p256::PublicKey& key) {
  Bytes der = unhex("3059301306072a8648ce3d020106082a8648ce3d030107034200");
  append(der, point_of(key));
  return der;
}

// mbedTLS's own ECDSA, below PSA: another implementation than the one under test where that is libcrypto.
bool mbedtls_verifies(const p256::PublicKey& key, ByteView message, ByteView der) {
  const auto hash = crypto::sha256(message);
  const Bytes point = point_of(key);
  mbedtls_ecp_group group;
  mbedtls_ecp_point q;
  mbedtls_mpi r;
  mbedtls_mpi s;
  mbedtls_ecp_group_init(&group);
  mbedtls_ecp_point_init(&q);
  mbedtls_mpi_init(&r);
  mbedtls_mpi_init(&s);
  const auto raw = crypto::ecdsa_from_der(der);
  const bool good = raw && mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
                    mbedtls_ecp_point_read_binary(&group, &q, point.data(), point.size()) == 0 &&
                    mbedtls_mpi_read_binary(&r, raw->data(), 32) == 0 &&
                    mbedtls_mpi_read_binary(&s, raw->data() + 32, 32) == 0 &&
                    mbedtls_ecdsa_verify(&group, hash.data(), hash.size(), &q, &r, &s) == 0;
  mbedtls_mpi_free(&s);
  mbedtls_mpi_free(&r);
  mbedtls_ecp_point_free(&q);
  mbedtls_ecp_group_free(&group);
  return good;
}

TEST_CASE("P-256 verifies the signatures of RFC 6979 and refuses them for another message") {
  const auto ecdsa = vectors("p256.json").at("ecdsa");
  const auto key = p256_key(ecdsa.at("public_key"));
  CHECK(p256::public_key(unhex(ecdsa, "private_key")) == key);
  for (const auto& row : ecdsa.at("cases")) {
    CAPTURE(row.at("case").get<std::string>());
    Bytes raw = unhex(row, "r");
    append(raw, unhex(row, "s"));
    const Bytes der = crypto::ecdsa_to_der(array_of<64>(raw));
    CHECK(p256::verify(key, unhex(row, "message"), der));
    CHECK_FALSE(p256::verify(key, unhex("00"), der));
  }
}

TEST_CASE("P-256 signatures that come out the same each time are those of RFC 6979") {
  const auto ecdsa = vectors("p256.json").at("ecdsa");
  const Bytes key = unhex(ecdsa, "private_key");
  for (const auto& row : ecdsa.at("cases")) {
    const Bytes message = unhex(row, "message");
    const Bytes signature = p256::sign(key, message);
    CHECK(p256::verify(p256_key(ecdsa.at("public_key")), message, signature));
    if (signature != p256::sign(key, message)) continue;  // libcrypto before 3.2: random nonces
    CHECK(hex(*crypto::ecdsa_from_der(signature)) ==
          row.at("r").get<std::string>() + row.at("s").get<std::string>());
  }
}

TEST_CASE("P-256 signatures of a run that is to be repeated are those of RFC 6979, whatever library signs") {
  const auto ecdsa = vectors("p256.json").at("ecdsa");
  for (const auto& row : ecdsa.at("cases")) {
    const Bytes signature =
        crypto::sign_rfc6979(crypto::EcdsaCurve::p256, unhex(ecdsa, "private_key"), unhex(row, "message"));
    CHECK(hex(*crypto::ecdsa_from_der(signature)) ==
          row.at("r").get<std::string>() + row.at("s").get<std::string>());
  }
}

TEST_CASE("P-256 signatures are verified by mbedTLS, in strict DER") {
  SystemRandom random;
  for (int i = 0; i < 20; ++i) {
    const auto key = p256::generate(random);
    const auto public_key = p256::public_key(key);
    const auto message = random.bytes<77>();
    const Bytes signature = p256::sign(key, message);
    CHECK(mbedtls_verifies(public_key, message, signature));
    const auto raw = crypto::ecdsa_from_der(signature);
    REQUIRE(raw);
    CHECK(crypto::ecdsa_to_der(*raw) == signature);
  }
}

TEST_CASE("P-256 and the openssl program verify each other's signatures") {
  if (!OpensslProgram::present()) {
    MESSAGE("skipped: there is no openssl program");
    return;
  }
  SystemRandom random;
  const auto key = p256::generate(random);
  const auto public_key = p256::public_key(key);
  const Bytes message = copy(random.bytes<500>());
  const OpensslProgram openssl;
  openssl.write("public.der", subject_public_key_info(public_key));
  openssl.write("message", message);
  openssl.write("signature", p256::sign(key, message));
  CHECK_MESSAGE(openssl.run("dgst -sha256 -keyform DER -verify public.der -signature signature message"),
                openssl.output());

  // ECPrivateKey (SEC 1, C.4).
  Bytes sec1 = unhex("30310201010420");
  append(sec1, key);
  append(sec1, unhex("a00a06082a8648ce3d030107"));
  openssl.write("private.der", sec1);
  REQUIRE_MESSAGE(openssl.run("dgst -sha256 -keyform DER -sign private.der -out other message"),
                  openssl.output());
  CHECK(p256::verify(public_key, message, openssl.read("other")));
}

TEST_CASE("P-256 refuses signatures that are changed, cut, grown or not DER") {
  const auto ecdsa = vectors("p256.json").at("ecdsa");
  const auto key = p256_key(ecdsa.at("public_key"));
  const Bytes message = unhex(ecdsa.at("cases").at(1), "message");
  Bytes raw = unhex(ecdsa.at("cases").at(1), "r");
  append(raw, unhex(ecdsa.at("cases").at(1), "s"));
  const Bytes der = crypto::ecdsa_to_der(array_of<64>(raw));
  REQUIRE(p256::verify(key, message, der));
  for (std::size_t i = 0; i < der.size(); ++i) {
    Bytes changed = der;
    changed[i] ^= 1;
    CHECK_FALSE(p256::verify(key, message, changed));
    CHECK_FALSE(p256::verify(key, message, ByteView{der}.first(i)));
  }
  Bytes longer = der;
  longer.push_back(0);
  CHECK_FALSE(p256::verify(key, message, longer));
  CHECK_FALSE(p256::verify(key, message, raw));
  // r or s of 0 or n, and s with a zero more than it needs (BER, not DER).
  CHECK_FALSE(p256::verify(key, message, unhex("3006020100020100")));
  CHECK_FALSE(p256::verify(key, message, unhex("3006020101020100")));
  Bytes order_twice = unhex(kOrder);
  append(order_twice, unhex(kOrder));
  CHECK_FALSE(p256::verify(key, message, crypto::ecdsa_to_der(array_of<64>(order_twice))));
  Bytes padded = der;
  const std::size_t s_at = 2 + 2 + der[3];
  padded.insert(padded.begin() + static_cast<std::ptrdiff_t>(s_at) + 2, 0);
  ++padded[s_at + 1];
  ++padded[1];
  CHECK_FALSE(p256::verify(key, message, padded));
  CHECK_FALSE(p256::verify({}, message, der));  // (0, 0) is no point
}

TEST_CASE("ECDSA signatures convert to DER and back for every leading byte") {
  for (const char* number : {"00", "01", "7f", "80", "ff"}) {
    Bytes raw = unhex(number);
    raw.resize(64, 0x11);
    const Bytes der = crypto::ecdsa_to_der(array_of<64>(raw));
    REQUIRE(crypto::ecdsa_from_der(der));
    CHECK(hex(*crypto::ecdsa_from_der(der)) == hex(raw));
  }
  CHECK(hex(crypto::ecdsa_to_der(crypto::RawEcdsaSignature{})) == "3006020100020100");
  // A number longer than 32 bytes, an indefinite length, a length beyond the end, another type.
  for (const char* wrong :
       {"", "30", "3000", "3080", "3006020180020101", "3007020101020101", "3006040101020101",
        "302702220100000000000000000000000000000000000000000000000000000000000000000001"
        "020101"})
    CHECK_FALSE(crypto::ecdsa_from_der(unhex(wrong)));
}

TEST_CASE("P-256 ECDH gives the secrets of RFC 5903 and NIST CAVP") {
  const auto file = vectors("p256.json");
  for (const auto& row : file.at("ecdh")) {
    CAPTURE(row.at("case").get<std::string>());
    CHECK(p256::public_key(unhex(row, "private_key")) == p256_key(row.at("public_key")));
    const auto shared = p256::ecdh(unhex(row, "private_key"), p256_key(row.at("peer")));
    REQUIRE(shared);
    CHECK(hex(*shared) == row.at("shared").get<std::string>());
  }
}

TEST_CASE("P-256 ECDH refuses a peer that is no point of the curve") {
  const auto row = vectors("p256.json").at("ecdh").at(0);
  const Bytes key = unhex(row, "private_key");
  const auto peer = p256_key(row.at("peer"));
  for (std::size_t i = 0; i < 32; ++i) {
    auto changed = peer;
    changed.y[i] ^= 1;
    CHECK_FALSE(p256::ecdh(key, changed));
  }
  CHECK_FALSE(p256::ecdh(key, {}));
  // Coordinates at and above the field's prime: p stands for 0, which would be on the curve with y² = b.
  const auto prime = array_of<32>(unhex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"));
  CHECK_FALSE(p256::ecdh(key, {prime, peer.y}));
  CHECK_FALSE(p256::ecdh(key, {peer.x, prime}));
  p256::PublicKey ones;
  ones.x.fill(0xff);
  ones.y.fill(0xff);
  CHECK_FALSE(p256::ecdh(key, ones));
  // On y² = x³ - 3x + 4, where an invalid-curve attack would go: only b is wrong.
  p256::PublicKey other_curve;
  other_curve.y[31] = 2;
  CHECK_FALSE(p256::ecdh(key, other_curve));
}

TEST_CASE("P-256 private keys are the numbers from 1 to n-1") {
  Bytes one(32);
  one[31] = 1;
  CHECK(p256::is_private_key(one));
  CHECK(p256::is_private_key(unhex(kOrderMinusOne)));
  CHECK_FALSE(p256::is_private_key(unhex(kOrder)));
  CHECK_FALSE(p256::is_private_key(Bytes(32)));
  CHECK_FALSE(p256::is_private_key(Bytes(32, 0xff)));
  CHECK_FALSE(p256::is_private_key(Bytes(31, 1)));
  CHECK_FALSE(p256::is_private_key({}));

  // The generator, and its negative.
  const auto generator = p256::public_key(one);
  CHECK(hex(generator.x) == "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
  CHECK(p256::public_key(unhex(kOrderMinusOne)).x == generator.x);
  CHECK(p256::verify(generator, {}, p256::sign(one, {})));

  for (const Bytes& wrong : {unhex(kOrder), Bytes(32), Bytes(31, 1), Bytes{}}) {
    CHECK_THROWS_AS((void)p256::public_key(wrong), std::invalid_argument);
    CHECK_THROWS_AS((void)p256::sign(wrong, {}), std::invalid_argument);
    CHECK_THROWS_AS((void)p256::ecdh(wrong, generator), std::invalid_argument);
  }
}

// Gives what it is told to, then counts up.
class ListedRandom final : public Random {
 public:
  explicit ListedRandom(std::vector<Bytes> draws) : draws_{std::move(draws)} {}
  void fill(std::span<std::uint8_t> out) override {
    const Bytes& next = draws_.at(std::min(at_, draws_.size() - 1));
    ++at_;
    std::copy(next.begin(), next.end(), out.begin());
  }
  std::size_t at_ = 0;

 private:
  std::vector<Bytes> draws_;
};

TEST_CASE("P-256 key generation draws again where a draw is no private key") {
  ListedRandom random{{Bytes(32, 0xff), unhex(kOrder), Bytes(32), unhex(kOrderMinusOne)}};
  CHECK(hex(p256::generate(random)) == kOrderMinusOne);
  CHECK(random.at_ == 4);
  ListedRandom broken{{Bytes(32)}};
  CHECK_THROWS_AS((void)p256::generate(broken), std::runtime_error);
}

TEST_CASE("P-256 may be used from many threads at once") {
  const auto row = vectors("p256.json").at("ecdh").at(0);
  const Bytes key = unhex(row, "private_key");
  const auto own = p256_key(row.at("public_key"));
  const auto peer = p256_key(row.at("peer"));
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&, i] {
        const Bytes message(10, static_cast<std::uint8_t>(i));
        for (int round = 0; round < 10; ++round) {
          if (!p256::verify(own, message, p256::sign(key, message))) ++wrong;
          if (const auto shared = p256::ecdh(key, peer);
              !shared || hex(*shared) != row.at("shared").get<std::string>())
            ++wrong;
        }
      });
  }
  CHECK(wrong == 0);
}

}  // namespace crypto_p256_test
