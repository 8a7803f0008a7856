#include <algorithm>
#include <array>

#include "base/working.h"
#include "crypto/hash.h"
#include "crypto/libcrypto.h"
#include "crypto/rsa.h"

namespace fauxkey::crypto::rsa {
namespace {

using namespace libcrypto;

constexpr std::size_t kSeed = 32;
constexpr std::size_t kOffset = 4;
constexpr std::size_t kPrivateKey = kSeed + 2 * kOffset;
constexpr std::size_t kPrimeBytes = 128;
constexpr std::size_t kPrimes = 2 * kPrimeBytes;
constexpr BN_ULONG kExponent = 65537;

enum class Factor : std::uint8_t { p = 0, q = 1 };

BigNumber number_of(BN_ULONG value) {
  BigNumber number = made(BigNumber{BN_new()});
  check(BN_set_word(number.get(), value) == 1);
  return number;
}

BigNumberContext context() { return made(BigNumberContext{BN_CTX_secure_new()}); }

/// The seed's 1024-bit odd number for this factor. Its first two bits are set, so that the product of two has
/// 2048 bits (FIPS 186-5, A.1.3).
BigNumber expand(ByteView seed, Factor factor) {
  SecretBytes bytes{kPrimeBytes};
  for (std::uint8_t block = 0; block < kPrimeBytes / 32; ++block) {
    const std::array<std::uint8_t, 2> label{static_cast<std::uint8_t>(factor), block};
    const auto part = hmac_sha256_secret(seed, {label});
    std::ranges::copy(part.view(), bytes.data() + std::size_t{block} * 32);
  }
  bytes.data()[0] |= 0xC0;
  bytes.data()[kPrimeBytes - 1] |= 0x01;
  return secret_number(bytes);
}

/// A prime p for which the exponent has an inverse modulo p-1.
bool is_factor(const BIGNUM* number, BN_CTX* numbers) {
  if (BN_mod_word(number, kExponent) == 1) return false;
  const int prime = BN_check_prime(number, numbers, nullptr);
  check(prime >= 0);
  return prime == 1;
}

/// How many steps of two it is from the seed's number to the next prime.
std::uint32_t search(ByteView seed, Factor factor) {
  const auto numbers = context();
  const auto candidate = expand(seed, factor);
  std::uint32_t steps = 0;
  while (!is_factor(candidate.get(), numbers.get())) {
    check(BN_add_word(candidate.get(), 2) == 1);
    ++steps;
  }
  return steps;
}

BigNumber factor_of(ByteView private_key, Factor factor) {
  if (private_key.size() == kPrimes) {
    return secret_number(private_key.subspan(kPrimeBytes * static_cast<std::size_t>(factor), kPrimeBytes));
  }
  auto number = expand(private_key.first(kSeed), factor);
  BN_ULONG steps = 0;
  const auto at = kSeed + kOffset * static_cast<std::size_t>(factor);
  for (const auto byte : private_key.subspan(at, kOffset)) steps = steps << 8 | byte;
  check(BN_add_word(number.get(), 2 * steps) == 1);
  return number;
}

/// n, d and the values of the Chinese remainder theorem (RFC 8017, 3.2).
struct Numbers {
  BigNumber p, q, n, d, d_p, d_q, q_inverse;
};

BigNumber secret() { return made(BigNumber{BN_secure_new()}); }

BigNumber modulus_of(ByteView private_key) {
  if (private_key.size() != kPrivateKey && private_key.size() != kPrimes) {
    throw std::invalid_argument{"an RSA private key has 40 or 256 bytes"};
  }
  const auto numbers = context();
  BigNumber n = made(BigNumber{BN_new()});
  check(BN_mul(n.get(), factor_of(private_key, Factor::p).get(), factor_of(private_key, Factor::q).get(),
               numbers.get()) == 1);
  return n;
}

Numbers numbers_of(ByteView private_key) {
  const auto context_of_numbers = context();
  auto* const numbers = context_of_numbers.get();
  Numbers key{.p = factor_of(private_key, Factor::p),
              .q = factor_of(private_key, Factor::q),
              .n = modulus_of(private_key),
              .d = secret(),
              .d_p = secret(),
              .d_q = secret(),
              .q_inverse = secret()};
  const auto p_less_1 = secret(), q_less_1 = secret(), phi = secret();
  check(BN_sub(p_less_1.get(), key.p.get(), BN_value_one()) == 1);
  check(BN_sub(q_less_1.get(), key.q.get(), BN_value_one()) == 1);
  check(BN_mul(phi.get(), p_less_1.get(), q_less_1.get(), numbers) == 1);
  for (auto* number : {p_less_1.get(), q_less_1.get(), phi.get(), key.d.get(), key.q_inverse.get()}) {
    BN_set_flags(number, BN_FLG_CONSTTIME);
  }
  const auto exponent = number_of(kExponent);
  check(BN_mod_inverse(key.d.get(), exponent.get(), phi.get(), numbers) != nullptr);
  check(BN_mod(key.d_p.get(), key.d.get(), p_less_1.get(), numbers) == 1);
  check(BN_mod(key.d_q.get(), key.d.get(), q_less_1.get(), numbers) == 1);
  check(BN_mod_inverse(key.q_inverse.get(), key.q.get(), key.p.get(), numbers) != nullptr);
  return key;
}

}  // namespace

bool is_available() { return true; }

SecretBytes generate(Random& random) {
  const Working working{"Making an RSA key"};
  SecretBytes private_key{kPrivateKey};
  random.fill(private_key.span().first(kSeed));
  for (const auto factor : {Factor::p, Factor::q}) {
    const auto steps = search(private_key.view().first(kSeed), factor);
    auto* at = private_key.data() + kSeed + kOffset * static_cast<std::size_t>(factor);
    for (const int shift : {24, 16, 8, 0}) *at++ = static_cast<std::uint8_t>(steps >> shift);
  }
  return private_key;
}

PublicKey public_key(ByteView private_key) {
  const auto n = modulus_of(private_key);
  PublicKey key{.modulus = Bytes(2 * kPrimeBytes), .exponent = {0x01, 0x00, 0x01}};
  check(BN_bn2binpad(n.get(), key.modulus.data(), static_cast<int>(key.modulus.size())) ==
        static_cast<int>(key.modulus.size()));
  return key;
}

PrivateNumbers private_numbers(ByteView private_key) {
  const auto numbers = numbers_of(private_key);
  const auto bytes_of = [](const BigNumber& number, std::size_t size) {
    SecretBytes bytes{size};
    check(BN_bn2binpad(number.get(), bytes.data(), static_cast<int>(size)) == static_cast<int>(size));
    return bytes;
  };
  return {.public_key = public_key(private_key),
          .d = bytes_of(numbers.d, 2 * kPrimeBytes),
          .p = bytes_of(numbers.p, kPrimeBytes),
          .q = bytes_of(numbers.q, kPrimeBytes),
          .d_p = bytes_of(numbers.d_p, kPrimeBytes),
          .d_q = bytes_of(numbers.d_q, kPrimeBytes),
          .q_inverse = bytes_of(numbers.q_inverse, kPrimeBytes)};
}

std::optional<SecretBytes> from_primes(ByteView p, ByteView q) {
  if (p.size() != kPrimeBytes || q.size() != kPrimeBytes || std::ranges::equal(p, q)) return std::nullopt;
  SecretBytes private_key{kPrimes};
  std::ranges::copy(p, private_key.data());
  std::ranges::copy(q, private_key.data() + kPrimeBytes);
  const auto numbers = context();
  for (const auto factor : {Factor::p, Factor::q}) {
    if (!is_factor(factor_of(private_key, factor).get(), numbers.get())) return std::nullopt;
  }
  if (BN_num_bits(modulus_of(private_key).get()) != 8 * static_cast<int>(kPrimes)) return std::nullopt;
  return private_key;
}

Bytes sign(ByteView private_key, ByteView message) {
  const auto numbers = numbers_of(private_key);
  const auto exponent = number_of(kExponent);
  const ParamsBuilder builder = made(ParamsBuilder{OSSL_PARAM_BLD_new()});
  const auto push = [&](const char* name, const BigNumber& number) {
    check(OSSL_PARAM_BLD_push_BN(builder.get(), name, number.get()) == 1);
  };
  push(OSSL_PKEY_PARAM_RSA_N, numbers.n);
  push(OSSL_PKEY_PARAM_RSA_E, exponent);
  push(OSSL_PKEY_PARAM_RSA_D, numbers.d);
  push(OSSL_PKEY_PARAM_RSA_FACTOR1, numbers.p);
  push(OSSL_PKEY_PARAM_RSA_FACTOR2, numbers.q);
  push(OSSL_PKEY_PARAM_RSA_EXPONENT1, numbers.d_p);
  push(OSSL_PKEY_PARAM_RSA_EXPONENT2, numbers.d_q);
  push(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, numbers.q_inverse);
  const Key key = made(from_params("RSA", builder, EVP_PKEY_KEYPAIR));
  return libcrypto::sign(key.get(), "SHA256", message);
}

}  // namespace fauxkey::crypto::rsa
