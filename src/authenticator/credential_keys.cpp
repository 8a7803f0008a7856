#include "authenticator/credential_keys.h"

#include <array>
#include <stdexcept>

#include "crypto/ed25519.h"
#include "crypto/p256.h"

namespace fauxkey {
namespace {

// COSE_Key labels and values (RFC 9053, sections 2 and 7).
constexpr int kKty = 1;
constexpr int kAlg = 3;
constexpr int kCrv = -1;
constexpr int kX = -2;
constexpr int kY = -3;
constexpr int kKtyOkp = 1;
constexpr int kKtyEc2 = 2;
constexpr int kCrvP256 = 1;
constexpr int kCrvEd25519 = 6;

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

struct Row {
  Algorithm algorithm;
  SecretBytes (*generate)(Random&);
  cbor::Value (*cose)(ByteView private_key);
  Bytes (*sign)(ByteView private_key, ByteView message);
};

constexpr std::array kRows{
    Row{Algorithm::es256, generate_es256, cose_es256, crypto::p256::sign},
    Row{Algorithm::eddsa, generate_eddsa, cose_eddsa, sign_eddsa},
};

const Row& row_of(Algorithm algorithm) {
  for (const auto& row : kRows) {
    if (row.algorithm == algorithm) return row;
  }
  throw std::logic_error{"a credential has an algorithm that this build does not know"};
}

constexpr auto kSupported = [] {
  std::array<Algorithm, kRows.size()> algorithms{};
  for (std::size_t i = 0; i < kRows.size(); ++i) algorithms[i] = kRows[i].algorithm;
  return algorithms;
}();

}  // namespace

std::span<const Algorithm> supported_algorithms() { return kSupported; }

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
