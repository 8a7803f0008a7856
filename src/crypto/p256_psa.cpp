// P-256 by PSA.
#include <algorithm>

#include "crypto/ecdsa_der.h"
#include "crypto/hash.h"
#include "crypto/p256.h"
#include "crypto/p256_scalar.h"
#include "crypto/psa.h"

namespace fauxkey::crypto::p256 {
namespace {

constexpr psa_key_type_t kKeyPair = PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1);
constexpr psa_key_type_t kPublicKey = PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1);
// RFC 6979: the same signature for the same message, and no weak nonce whatever the random numbers are like.
constexpr psa_algorithm_t kSign = PSA_ALG_DETERMINISTIC_ECDSA(PSA_ALG_SHA_256);
constexpr psa_algorithm_t kVerify = PSA_ALG_ECDSA(PSA_ALG_SHA_256);

using Point = std::array<std::uint8_t, 65>;

// SEC 1, 2.3.3, not compressed; the point at infinity has no such form.
Point encode(const PublicKey& key) {
  Point point{0x04};
  std::copy(key.x.begin(), key.x.end(), point.begin() + 1);
  std::copy(key.y.begin(), key.y.end(), point.begin() + 33);
  return point;
}

}  // namespace

PublicKey public_key(ByteView private_key) {
  require_private_key(private_key);
  const auto lock = psa::enter();
  const psa::Key key{private_key, kKeyPair, PSA_KEY_USAGE_SIGN_HASH, kSign};
  Point point{};
  std::size_t length = 0;
  psa::check(psa_export_public_key(key.id(), point.data(), point.size(), &length));
  PublicKey result;
  std::copy_n(point.begin() + 1, result.x.size(), result.x.begin());
  std::copy_n(point.begin() + 33, result.y.size(), result.y.begin());
  return result;
}

Bytes sign(ByteView private_key, ByteView message) {
  require_private_key(private_key);
  const Sha256Hash hash = sha256(message);
  RawEcdsaSignature raw{};
  {
    const auto lock = psa::enter();
    const psa::Key key{private_key, kKeyPair, PSA_KEY_USAGE_SIGN_HASH, kSign};
    std::size_t length = 0;
    psa::check(psa_sign_hash(key.id(), kSign, hash.data(), hash.size(), raw.data(), raw.size(), &length));
  }
  return ecdsa_to_der(raw);
}

bool verify(const PublicKey& public_key, ByteView message, ByteView der_signature) {
  const auto raw = ecdsa_from_der(der_signature);
  if (!raw) return false;
  const Sha256Hash hash = sha256(message);
  const Point point = encode(public_key);
  const auto lock = psa::enter();
  const psa::Key key{psa::Key::MayFail{}, point, kPublicKey, PSA_KEY_USAGE_VERIFY_HASH, kVerify};
  if (!key.valid()) return false;  // no point of the curve
  const psa_status_t status =
      psa_verify_hash(key.id(), kVerify, hash.data(), hash.size(), raw->data(), raw->size());
  if (status == PSA_ERROR_INVALID_SIGNATURE) return false;
  psa::check(status);
  return true;
}

std::optional<Secret<32>> ecdh(ByteView private_key, const PublicKey& peer) {
  require_private_key(private_key);
  const Point point = encode(peer);
  Secret<32> shared;
  const auto lock = psa::enter();
  const psa::Key key{private_key, kKeyPair, PSA_KEY_USAGE_DERIVE, PSA_ALG_ECDH};
  std::size_t length = 0;
  const psa_status_t status = psa_raw_key_agreement(PSA_ALG_ECDH, key.id(), point.data(), point.size(),
                                                    shared.data(), shared.size(), &length);
  // PSA looks whether the point is on the curve; all else that it is given here is right.
  if (status == PSA_ERROR_INVALID_ARGUMENT) return std::nullopt;
  psa::check(status);
  return shared;
}

const char* implementation() { return "psa"; }

}  // namespace fauxkey::crypto::p256
