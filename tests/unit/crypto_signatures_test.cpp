// ES384, ES512, ES256K, RS256 and ML-DSA. That their signatures verify by another library,
// tests/ctap/test_algorithms.py shows; here, what a key pair is made of.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "crypto/ecdsa.h"
#include "crypto/ecdsa_curve.h"
#include "crypto/ml_dsa.h"
#include "crypto/rsa.h"
#include "crypto_vectors.h"
#include "fauxkey/random.h"

namespace crypto_signatures_test {

using namespace fauxkey;
using namespace fauxkey::test;
namespace ecdsa = fauxkey::crypto::ecdsa;
namespace ml_dsa = fauxkey::crypto::ml_dsa;
namespace rsa = fauxkey::crypto::rsa;

namespace {
constexpr std::array kCurves{ecdsa::Curve::p384, ecdsa::Curve::p521, ecdsa::Curve::secp256k1};

Bytes scalar_of(ecdsa::Curve curve, std::uint8_t value) {
  Bytes scalar(ecdsa::size_of(curve));
  scalar.back() = value;
  return scalar;
}
}  // namespace

TEST_CASE("the public key of 1 is each curve's base point") {
  // SP 800-186, 3.2.1.4 and 3.2.1.5; SEC 2, 2.4.1.
  const auto x_of = [](ecdsa::Curve curve) { return hex(ecdsa::public_key(curve, scalar_of(curve, 1)).x); };
  CHECK(x_of(ecdsa::Curve::p384) ==
        "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7");
  CHECK(x_of(ecdsa::Curve::p521) ==
        "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de"
        "3348b3c1856"
        "a429bf97e7e31c2e5bd66");
  CHECK(x_of(ecdsa::Curve::secp256k1) == "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
}

TEST_CASE("private keys of the other curves lie in [1, n-1]") {
  SystemRandom random;
  for (const auto curve : kCurves) {
    CHECK_FALSE(ecdsa::is_private_key(curve, scalar_of(curve, 0)));
    CHECK(ecdsa::is_private_key(curve, scalar_of(curve, 1)));
    CHECK_FALSE(ecdsa::is_private_key(curve, Bytes(ecdsa::size_of(curve), 0xff)));
    CHECK_FALSE(ecdsa::is_private_key(curve, Bytes(ecdsa::size_of(curve) - 1, 1)));
    for (int i = 0; i < 20; ++i) CHECK(ecdsa::is_private_key(curve, ecdsa::generate(curve, random)));
  }
}

TEST_CASE("RSA key pairs are of their random numbers, and the same again from the private key") {
  if (!rsa::is_available()) return;
  const auto make = [](std::uint64_t seed) {
    SeededRandom random{seed};
    return rsa::generate(random);
  };
  const auto first = make(1);
  CHECK(first.size() == 40);
  CHECK(equal_in_constant_time(first, make(1)));
  const auto key = rsa::public_key(first);
  CHECK(key.modulus.size() == 256);
  CHECK((key.modulus[0] & 0x80) != 0);
  CHECK((key.modulus.back() & 1) == 1);
  CHECK(key.modulus == rsa::public_key(first).modulus);
  CHECK_FALSE(key.modulus == rsa::public_key(make(2)).modulus);
  const Bytes message{1, 2, 3};
  CHECK(rsa::sign(first, message) == rsa::sign(first, message));
  CHECK(rsa::sign(first, message).size() == 256);
}

TEST_CASE("ML-DSA is offered where the library has it, with keys and signatures of FIPS 204's sizes") {
  SystemRandom random;
  const auto seed = ml_dsa::generate(random);
  CHECK(seed.size() == 32);
  struct Row {
    ml_dsa::Parameters parameters;
    std::size_t public_key, signature;
  };
  for (const auto& row :
       {Row{ml_dsa::Parameters::ml_dsa_44, 1312, 2420}, Row{ml_dsa::Parameters::ml_dsa_65, 1952, 3309}}) {
    if (!ml_dsa::is_available(row.parameters)) {
      MESSAGE("skipped: this machine's libcrypto has no ML-DSA (OpenSSL 3.5 has)");
      continue;
    }
    CHECK(ml_dsa::public_key(row.parameters, seed).size() == row.public_key);
    CHECK(ml_dsa::sign(row.parameters, seed, Bytes{1}).size() == row.signature);
  }
}

}  // namespace crypto_signatures_test
