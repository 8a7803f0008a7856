#include "authenticator/credential_keys.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "crypto/ecdsa.h"
#include "crypto/ed25519.h"
#include "crypto/ml_dsa.h"
#include "crypto/p256.h"
#include "crypto/rsa.h"

namespace fauxkey {
namespace {

// COSE_Key labels and values (RFC 9053, sections 2 and 7).
constexpr int kKty = 1, kAlg = 3;
constexpr int kCrv = -1, kX = -2, kY = -3;  // OKP and EC2
constexpr int kRsaN = -1, kRsaE = -2;       // RFC 8230, 4
constexpr int kAkpPub = -1;                 // ML-DSA for COSE, "AKP"
constexpr int kKtyOkp = 1, kKtyEc2 = 2, kKtyRsa = 3, kKtyAkp = 7;
constexpr int kCrvP256 = 1, kCrvP384 = 2, kCrvP521 = 3, kCrvEd25519 = 6, kCrvSecp256k1 = 8;

SecretBytes generate_es256(Random& random) { return SecretBytes::copy_of(crypto::p256::generate(random)); }

cbor::Value cose_es256(ByteView private_key) {
  const auto point = crypto::p256::public_key(private_key);
  return cbor::Map{{kKty, kKtyEc2},
                   {kAlg, static_cast<int>(Algorithm::es256)},
                   {kCrv, kCrvP256},
                   {kX, cbor::Value::bytes(point.x)},
                   {kY, cbor::Value::bytes(point.y)}};
}

SecretBytes generate_eddsa(Random& random) {
  SecretBytes seed{32};
  random.fill(seed.span());
  return seed;
}

cbor::Value cose_eddsa(ByteView seed) {
  return cbor::Map{{kKty, kKtyOkp},
                   {kAlg, static_cast<int>(Algorithm::eddsa)},
                   {kCrv, kCrvEd25519},
                   {kX, cbor::Value::bytes(crypto::ed25519::public_key(seed))}};
}

Bytes sign_eddsa(ByteView seed, ByteView message) {
  const auto signature = crypto::ed25519::sign(seed, message);
  return {signature.begin(), signature.end()};
}

template <crypto::ecdsa::Curve Curve>
SecretBytes generate_ecdsa(Random& random) {
  return crypto::ecdsa::generate(Curve, random);
}

template <crypto::ecdsa::Curve Curve, Algorithm Alg, int Crv>
cbor::Value cose_ecdsa(ByteView private_key) {
  auto point = crypto::ecdsa::public_key(Curve, private_key);
  return cbor::Map{{kKty, kKtyEc2},
                   {kAlg, static_cast<int>(Alg)},
                   {kCrv, Crv},
                   {kX, std::move(point.x)},
                   {kY, std::move(point.y)}};
}

template <crypto::ecdsa::Curve Curve>
Bytes sign_ecdsa(ByteView private_key, ByteView message) {
  return crypto::ecdsa::sign(Curve, private_key, message);
}

cbor::Value cose_rs256(ByteView private_key) {
  auto key = crypto::rsa::public_key(private_key);
  return cbor::Map{{kKty, kKtyRsa},
                   {kAlg, static_cast<int>(Algorithm::rs256)},
                   {kRsaN, std::move(key.modulus)},
                   {kRsaE, std::move(key.exponent)}};
}

template <crypto::ml_dsa::Parameters Parameters, Algorithm Alg>
cbor::Value cose_ml_dsa(ByteView seed) {
  return cbor::Map{{kKty, kKtyAkp},
                   {kAlg, static_cast<int>(Alg)},
                   {kAkpPub, crypto::ml_dsa::public_key(Parameters, seed)}};
}

template <crypto::ml_dsa::Parameters Parameters>
Bytes sign_ml_dsa(ByteView seed, ByteView message) {
  return crypto::ml_dsa::sign(Parameters, seed, message);
}

struct Row {
  Algorithm algorithm;
  bool available;
  SecretBytes (*generate)(Random&);
  cbor::Value (*cose)(ByteView private_key);
  Bytes (*sign)(ByteView private_key, ByteView message);
};

template <crypto::ecdsa::Curve Curve, Algorithm Alg, int Crv>
Row ecdsa_row() {
  return {Alg, crypto::ecdsa::is_available(Curve), generate_ecdsa<Curve>, cose_ecdsa<Curve, Alg, Crv>,
          sign_ecdsa<Curve>};
}

template <crypto::ml_dsa::Parameters Parameters, Algorithm Alg>
Row ml_dsa_row() {
  return {Alg, crypto::ml_dsa::is_available(Parameters), crypto::ml_dsa::generate,
          cose_ml_dsa<Parameters, Alg>, sign_ml_dsa<Parameters>};
}

/// In the order of kAlgorithms.
const auto& rows() {
  using crypto::ecdsa::Curve;
  using crypto::ml_dsa::Parameters;
  static const std::array kRows{
      Row{Algorithm::es256, true, generate_es256, cose_es256, crypto::p256::sign},
      Row{Algorithm::eddsa, true, generate_eddsa, cose_eddsa, sign_eddsa},
      ecdsa_row<Curve::p384, Algorithm::es384, kCrvP384>(),
      ecdsa_row<Curve::p521, Algorithm::es512, kCrvP521>(),
      Row{Algorithm::rs256, crypto::rsa::is_available(), crypto::rsa::generate, cose_rs256,
          crypto::rsa::sign},
      ml_dsa_row<Parameters::ml_dsa_44, Algorithm::ml_dsa_44>(),
      ml_dsa_row<Parameters::ml_dsa_65, Algorithm::ml_dsa_65>(),
      ecdsa_row<Curve::secp256k1, Algorithm::es256k, kCrvSecp256k1>(),
  };
  return kRows;
}

const Row& row_of(Algorithm algorithm) {
  for (const auto& row : rows()) {
    if (row.algorithm == algorithm && row.available) return row;
  }
  throw std::runtime_error{std::string{"a credential's algorithm, "} + name_of(algorithm) +
                           ", is not one that this machine's libraries offer"};
}

}  // namespace

bool is_available(Algorithm algorithm) {
  return std::ranges::any_of(rows(),
                             [&](const Row& row) { return row.algorithm == algorithm && row.available; });
}

SecretBytes generate_private_key(Algorithm algorithm, Random& random) {
  return row_of(algorithm).generate(random);
}

cbor::Value cose_public_key(const Credential& credential) {
  return row_of(credential.algorithm).cose(credential.private_key);
}

Bytes sign(const Credential& credential, ByteView message) {
  return row_of(credential.algorithm).sign(credential.private_key, message);
}

}  // namespace fauxkey
