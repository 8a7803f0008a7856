// P-256 by OpenSSL 3's libcrypto. A key is built from its scalar for each use and freed after it. The point
// that belongs to it is left out: ECDSA and ECDH need it not, and it would cost as much as half a signature.
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "crypto/p256.h"
#include "crypto/p256_scalar.h"

namespace fauxkey::crypto::p256 {
namespace {

template <auto F>
struct FreeBy {
  template <class T>
  void operator()(T* object) const {
    F(object);
  }
};
using BigNumber = std::unique_ptr<BIGNUM, FreeBy<BN_clear_free>>;
using Group = std::unique_ptr<EC_GROUP, FreeBy<EC_GROUP_free>>;
using GroupPoint = std::unique_ptr<EC_POINT, FreeBy<EC_POINT_free>>;
using ParamsBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeBy<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, FreeBy<OSSL_PARAM_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeBy<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeBy<EVP_MD_CTX_free>>;

constexpr const char* kGroup = "prime256v1";
using Point = std::array<std::uint8_t, 65>;

// For steps that fail only where memory is short or the library is broken.
void check(bool done) {
  if (done) return;
  ERR_clear_error();
  throw std::runtime_error{
      "libcrypto could not do a step with P-256: check that the machine has memory left and that OpenSSL's "
      "default provider is not switched off in its configuration."};
}

template <class T>
T made(T object) {
  check(object != nullptr);
  return object;
}

// SEC 1, 2.3.3, not compressed; the point at infinity has no such form.
Point encode(const PublicKey& key) {
  Point point{0x04};
  std::copy(key.x.begin(), key.x.end(), point.begin() + 1);
  std::copy(key.y.begin(), key.y.end(), point.begin() + 33);
  return point;
}

// Secure, so that libcrypto wipes it and the copies it makes.
BigNumber scalar(ByteView private_key) {
  require_private_key(private_key);
  BigNumber number = made(BigNumber{BN_secure_new()});
  check(BN_bin2bn(private_key.data(), static_cast<int>(private_key.size()), number.get()) != nullptr);
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  return number;
}

Key from_params(const ParamsBuilder& builder, int selection) {
  const Params params = made(Params{OSSL_PARAM_BLD_to_param(builder.get())});
  const KeyContext context = made(KeyContext{EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr)});
  check(EVP_PKEY_fromdata_init(context.get()) == 1);
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1) ERR_clear_error();
  return Key{key};
}

ParamsBuilder params_of_group() {
  ParamsBuilder builder = made(ParamsBuilder{OSSL_PARAM_BLD_new()});
  check(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, kGroup, 0) == 1);
  return builder;
}

Key load_private(ByteView private_key) {
  const BigNumber number = scalar(private_key);
  const ParamsBuilder builder = params_of_group();
  check(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get()) == 1);
  return made(from_params(builder, EVP_PKEY_KEYPAIR));
}

// Null where `key` is no point of the curve: libcrypto looks when it reads one.
Key load_public(const PublicKey& key) {
  const Point point = encode(key);
  const ParamsBuilder builder = params_of_group();
  check(OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) == 1);
  return from_params(builder, EVP_PKEY_PUBLIC_KEY);
}

// The curve, which nothing changes once it is made.
const EC_GROUP* group() {
  static const Group curve = made(Group{EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)});
  return curve.get();
}

}  // namespace

PublicKey public_key(ByteView private_key) {
  const BigNumber number = scalar(private_key);
  const GroupPoint point = made(GroupPoint{EC_POINT_new(group())});
  check(EC_POINT_mul(group(), point.get(), number.get(), nullptr, nullptr, nullptr) == 1);
  Point bytes{};
  check(EC_POINT_point2oct(group(), point.get(), POINT_CONVERSION_UNCOMPRESSED, bytes.data(), bytes.size(),
                           nullptr) == bytes.size());
  PublicKey result;
  std::copy_n(bytes.begin() + 1, result.x.size(), result.x.begin());
  std::copy_n(bytes.begin() + 33, result.y.size(), result.y.begin());
  return result;
}

Bytes sign(ByteView private_key, ByteView message) {
  const Key key = load_private(private_key);
  const DigestContext context = made(DigestContext{EVP_MD_CTX_new()});
  EVP_PKEY_CTX* key_context = nullptr;
  check(EVP_DigestSignInit_ex(context.get(), &key_context, "SHA256", nullptr, nullptr, key.get(), nullptr) ==
        1);
#ifdef OSSL_SIGNATURE_PARAM_NONCE_TYPE
  // RFC 6979, where libcrypto has it (3.2): the same signature for the same message.
  unsigned int deterministic = 1;
  const std::array params{OSSL_PARAM_construct_uint(OSSL_SIGNATURE_PARAM_NONCE_TYPE, &deterministic),
                          OSSL_PARAM_construct_end()};
  check(EVP_PKEY_CTX_set_params(key_context, params.data()) == 1);
#endif
  Bytes signature(72);  // the longest: 2 + 2 × (2 + 33)
  std::size_t length = signature.size();
  check(EVP_DigestSign(context.get(), signature.data(), &length, message.data(), message.size()) == 1);
  signature.resize(length);
  return signature;
}

bool verify(const PublicKey& public_key, ByteView message, ByteView der_signature) {
  const Key key = load_public(public_key);
  if (!key) return false;
  const DigestContext context = made(DigestContext{EVP_MD_CTX_new()});
  check(EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, key.get(), nullptr) == 1);
  // 0 is a wrong signature, a negative number one that is no signature at all.
  const bool good = EVP_DigestVerify(context.get(), der_signature.data(), der_signature.size(),
                                     message.data(), message.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

std::optional<Secret<32>> ecdh(ByteView private_key, const PublicKey& peer) {
  const Key own = load_private(private_key);
  const Key other = load_public(peer);
  if (!other) return std::nullopt;
  const KeyContext context = made(KeyContext{EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr)});
  check(EVP_PKEY_derive_init(context.get()) == 1);
  // The cofactor is 1: a point of the curve that is not infinity needs no further check (SP
  // 800-56A, 5.6.2.3.4).
  check(EVP_PKEY_derive_set_peer_ex(context.get(), other.get(), 0) == 1);
  Secret<32> shared;
  std::size_t length = shared.size();
  check(EVP_PKEY_derive(context.get(), shared.data(), &length) == 1 && length == shared.size());
  return shared;
}

const char* implementation() { return "libcrypto"; }

}  // namespace fauxkey::crypto::p256
