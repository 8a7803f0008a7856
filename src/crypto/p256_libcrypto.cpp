// P-256 by OpenSSL 3's libcrypto. A key is built from its scalar for each use and freed after it. The point
// that belongs to it is left out: ECDSA and ECDH need it not, and it would cost as much as half a signature.
#include <algorithm>

#include "crypto/deterministic.h"
#include "crypto/libcrypto.h"
#include "crypto/p256.h"
#include "crypto/p256_scalar.h"

namespace fauxkey::crypto::p256 {
namespace {

using namespace libcrypto;

constexpr const char* kGroup = "prime256v1";
using Point = std::array<std::uint8_t, 65>;

// SEC 1, 2.3.3, not compressed; the point at infinity has no such form.
Point encode(const PublicKey& key) {
  Point point{0x04};
  std::copy(key.x.begin(), key.x.end(), point.begin() + 1);
  std::copy(key.y.begin(), key.y.end(), point.begin() + 33);
  return point;
}

BigNumber scalar(ByteView private_key) {
  require_private_key(private_key);
  return secret_number(private_key);
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
  return made(from_params("EC", builder, EVP_PKEY_KEYPAIR));
}

// Null where `key` is no point of the curve: libcrypto looks when it reads one.
Key load_public(const PublicKey& key) {
  const Point point = encode(key);
  const ParamsBuilder builder = params_of_group();
  check(OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) == 1);
  return from_params("EC", builder, EVP_PKEY_PUBLIC_KEY);
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
  if (signatures_are_deterministic()) {
    require_private_key(private_key);
    return sign_rfc6979(EcdsaCurve::p256, private_key, message);
  }
  return libcrypto::sign(load_private(private_key).get(), "SHA256", message);
}

bool verify(const PublicKey& public_key, ByteView message, ByteView der_signature) {
  const Key key = load_public(public_key);
  return key && libcrypto::verify(key.get(), "SHA256", message, der_signature);
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
