// The other curves by OpenSSL 3's libcrypto; see p256_libcrypto.cpp, which does the same with less
// indirection.
#include "crypto/deterministic.h"
#include "crypto/ecdsa.h"
#include "crypto/ecdsa_curve.h"
#include "crypto/libcrypto.h"

namespace fauxkey::crypto::ecdsa {
namespace {

using namespace libcrypto;

struct Parameters {
  int nid;
  const char* group;
  const char* digest;
  EcdsaCurve curve;
};

Parameters parameters_of(Curve curve) {
  switch (curve) {
    case Curve::p384:
      return {NID_secp384r1, SN_secp384r1, "SHA384", EcdsaCurve::p384};
    case Curve::p521:
      return {NID_secp521r1, SN_secp521r1, "SHA512", EcdsaCurve::p521};
    case Curve::secp256k1:
      return {NID_secp256k1, SN_secp256k1, "SHA256", EcdsaCurve::secp256k1};
  }
  throw std::logic_error{"there is no such curve"};
}

Group group_of(Curve curve) {
  Group group{EC_GROUP_new_by_curve_name(parameters_of(curve).nid)};
  if (!group) ERR_clear_error();
  return group;
}

}  // namespace

// Distributions leave curves out of libcrypto (Fedora once had no secp256k1).
bool is_available(Curve curve) { return group_of(curve) != nullptr; }

PublicKey public_key(Curve curve, ByteView scalar) {
  require_private_key(curve, scalar);
  const BigNumber number = secret_number(scalar);
  const Group group = made(group_of(curve));
  const GroupPoint point = made(GroupPoint{EC_POINT_new(group.get())});
  check(EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, nullptr) == 1);
  const std::size_t size = size_of(curve);
  Bytes bytes(1 + 2 * size);
  check(EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, bytes.data(),
                           bytes.size(), nullptr) == bytes.size());
  const auto middle = bytes.begin() + 1 + static_cast<std::ptrdiff_t>(size);
  return {Bytes{bytes.begin() + 1, middle}, Bytes{middle, bytes.end()}};
}

Bytes sign(Curve curve, ByteView scalar, ByteView message) {
  require_private_key(curve, scalar);
  const auto parameters = parameters_of(curve);
  if (signatures_are_deterministic()) return sign_rfc6979(parameters.curve, scalar, message);
  const BigNumber number = secret_number(scalar);
  const ParamsBuilder builder = made(ParamsBuilder{OSSL_PARAM_BLD_new()});
  check(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, parameters.group, 0) == 1);
  check(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get()) == 1);
  const Key key = made(from_params("EC", builder, EVP_PKEY_KEYPAIR));
  return libcrypto::sign(key.get(), parameters.digest, message);
}

}  // namespace fauxkey::crypto::ecdsa
