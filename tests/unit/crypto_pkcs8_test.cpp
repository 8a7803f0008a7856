// PKCS #8 there and back, and what is no private key. That other libraries read it,
// tests/keystore/test_exchange.py shows.
#include <doctest/doctest.h>

#include "authenticator/credential_keys.h"
#include "crypto/der.h"
#include "crypto/pkcs8.h"
#include "crypto/rsa.h"
#include "exchange_fixture.h"

namespace crypto_pkcs8_test {

using namespace fauxkey;
using namespace fauxkey::test;
namespace der = fauxkey::crypto::der;
namespace pkcs8 = fauxkey::crypto::pkcs8;

namespace {

cbor::Value public_of(Algorithm algorithm, ByteView private_key) {
  Credential credential;
  credential.algorithm = algorithm;
  credential.private_key = SecretBytes::copy_of(private_key);
  return cose_public_key(credential);
}

/// A P-256 key whose parts are given.
WipingBytes p256_key(ByteView scalar, ByteView public_key) {
  const Bytes identifier{0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,
                         0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
  const Bytes one{1};
  auto point =
      public_key.empty() ? WipingBytes{} : der::value(der::constructed(1), {der::bit_string(public_key)});
  const auto key = der::value(
      der::Tag::sequence, {der::unsigned_integer(one), der::value(der::Tag::octet_string, {scalar}), point});
  return der::value(der::Tag::sequence,
                    {der::unsigned_integer({}), identifier, der::value(der::Tag::octet_string, {key})});
}

}  // namespace

TEST_CASE("PKCS #8: a key of each algorithm comes back, and signs as before") {
  SystemRandom random;
  for (const auto algorithm : available_algorithms()) {
    CAPTURE(name_of(algorithm));
    const auto private_key = generate_private_key(algorithm, random);
    const auto back = pkcs8::decode(pkcs8::encode(algorithm, private_key));
    REQUIRE_MESSAGE(back.has_value(), (back ? std::string{} : back.error()));
    CHECK(back->algorithm == algorithm);
    CHECK(public_of(algorithm, back->bytes) == public_of(algorithm, private_key));
    // Once more, from the form that came back.
    CHECK(pkcs8::encode(algorithm, back->bytes) == pkcs8::encode(algorithm, private_key));
  }
}

TEST_CASE("PKCS #8: an RSA key from elsewhere signs as the one with its seed") {
  if (!is_available(Algorithm::rs256)) return;
  SystemRandom random;
  Credential credential;
  credential.algorithm = Algorithm::rs256;
  credential.private_key = generate_private_key(Algorithm::rs256, random);
  const Bytes message{1, 2, 3};
  const auto signature = sign(credential, message);
  credential.private_key =
      std::move(pkcs8::decode(pkcs8::encode(Algorithm::rs256, credential.private_key))->bytes);
  CHECK(credential.private_key.size() == 256);
  CHECK(sign(credential, message) == signature);
}

TEST_CASE("PKCS #8: every beginning of a key and a key with a bit changed is refused or another key") {
  SystemRandom random;
  for (const auto algorithm : {Algorithm::es256, Algorithm::eddsa}) {
    const auto private_key = generate_private_key(algorithm, random);
    const auto key = pkcs8::encode(algorithm, private_key);
    for (std::size_t size = 0; size < key.size(); ++size)
      CHECK_FALSE(pkcs8::decode(ByteView{key}.first(size)));
    auto longer = key;
    longer.push_back(0);
    CHECK_FALSE(pkcs8::decode(longer).has_value());
    // A P-256 key that is looked at takes mbedTLS long: a bit of each byte, another one each time.
    const std::size_t step = algorithm == Algorithm::es256 ? 9 : 1;
    for (std::size_t bit = 0; bit < 8 * key.size(); bit += step) {
      auto changed = key;
      changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
      const auto decoded = pkcs8::decode(changed);
      if (decoded && decoded->algorithm == algorithm) {
        CHECK(pkcs8::encode(algorithm, decoded->bytes) != key);
      }
    }
  }
}

TEST_CASE("PKCS #8: a scalar whose leading zeros are left out is taken") {
  const Bytes short_scalar{7};
  const auto key = pkcs8::decode(p256_key(short_scalar, {}));
  REQUIRE(key.has_value());
  CHECK(key->bytes.size() == 32);
  CHECK(key->bytes.view()[31] == 7);
}

TEST_CASE("PKCS #8: scalars that are no private keys are refused") {
  CHECK_FALSE(pkcs8::decode(p256_key({}, {})).has_value());
  CHECK_FALSE(pkcs8::decode(p256_key(Bytes(32), {})).has_value());
  CHECK_FALSE(pkcs8::decode(p256_key(Bytes(32, 0xff), {})).has_value());
  CHECK_FALSE(pkcs8::decode(p256_key(Bytes(33, 1), {})).has_value());
}

TEST_CASE("PKCS #8: a private key beside another's public key is refused") {
  SystemRandom random;
  const auto one = generate_private_key(Algorithm::es256, random);
  const auto other = generate_private_key(Algorithm::es256, random);
  const auto spki = pkcs8::encode_public(Algorithm::es256, other);
  const auto point = ByteView{spki}.last(65);
  const auto decoded = pkcs8::decode(p256_key(one, point));
  REQUIRE_FALSE(decoded.has_value());
  CHECK(decoded.error().find("do not belong together") != std::string::npos);
  CHECK(pkcs8::decode(p256_key(other, point)).has_value());
}

TEST_CASE("PKCS #8: an RSA key whose factors are no primes, or are small, is refused") {
  if (!is_available(Algorithm::rs256)) return;
  const Bytes even(128, 0xC2);
  Bytes odd(128, 0xC3);
  CHECK_FALSE(crypto::rsa::from_primes(even, odd).has_value());
  CHECK_FALSE(crypto::rsa::from_primes(odd, odd).has_value());
  CHECK_FALSE(crypto::rsa::from_primes(Bytes(64, 0xC3), Bytes(64, 0xC5)).has_value());
}

TEST_CASE("DER: lengths that are not the shortest, and those beyond the bytes, are refused") {
  for (const Bytes& bytes :
       {Bytes{0x04, 0x81, 0x01, 0xAA}, Bytes{0x04, 0x80, 0x00, 0x00}, Bytes{0x04, 0x02, 0xAA},
        Bytes{0x04, 0x85, 1, 0, 0, 0, 0}, Bytes{0x04, 0x84, 0xFF, 0xFF, 0xFF, 0xFF}, Bytes{0x04}}) {
    CHECK_FALSE(der::Reader{bytes}.take(der::Tag::octet_string).has_value());
  }
}

}  // namespace crypto_pkcs8_test
