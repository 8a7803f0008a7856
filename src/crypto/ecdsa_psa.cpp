// The other curves by PSA; see p256_psa.cpp.
#include <array>
#include <stdexcept>

#include "crypto/ecdsa.h"
#include "crypto/ecdsa_curve.h"
#include "crypto/ecdsa_der.h"
#include "crypto/psa.h"

namespace fauxkey::crypto::ecdsa {
namespace {

struct Parameters {
  psa_key_type_t key_pair;
  psa_algorithm_t hash;
};

Parameters parameters_of(Curve curve) {
  constexpr auto kNist = PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1);
  switch (curve) {
    case Curve::p384:
      return {kNist, PSA_ALG_SHA_384};
    case Curve::p521:
      return {kNist, PSA_ALG_SHA_512};
    case Curve::secp256k1:
      return {PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_K1), PSA_ALG_SHA_256};
  }
  throw std::logic_error{"there is no such curve"};
}

psa::Key load(Curve curve, ByteView scalar) {
  require_private_key(curve, scalar);
  const auto parameters = parameters_of(curve);
  return {scalar, parameters.key_pair, PSA_KEY_USAGE_SIGN_HASH, PSA_ALG_DETERMINISTIC_ECDSA(parameters.hash)};
}

}  // namespace

// mbedTLS's configuration may leave curves out.
bool is_available(Curve curve) {
  Bytes one(size_of(curve));
  one.back() = 1;
  const auto lock = psa::enter();
  const auto parameters = parameters_of(curve);
  psa_key_attributes_t attributes = psa_key_attributes_init();
  psa_set_key_type(&attributes, parameters.key_pair);
  psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH);
  psa_set_key_algorithm(&attributes, PSA_ALG_DETERMINISTIC_ECDSA(parameters.hash));
  psa_key_id_t id = PSA_KEY_ID_NULL;
  const bool known = psa_import_key(&attributes, one.data(), one.size(), &id) == PSA_SUCCESS;
  psa_destroy_key(id);
  return known;
}

PublicKey public_key(Curve curve, ByteView scalar) {
  const auto lock = psa::enter();
  const psa::Key key = load(curve, scalar);
  const std::size_t size = size_of(curve);
  Bytes bytes(1 + 2 * size);
  std::size_t length = 0;
  psa::check(psa_export_public_key(key.id(), bytes.data(), bytes.size(), &length));
  const auto middle = bytes.begin() + 1 + static_cast<std::ptrdiff_t>(size);
  return {Bytes{bytes.begin() + 1, middle}, Bytes{middle, bytes.end()}};
}

Bytes sign(Curve curve, ByteView scalar, ByteView message) {
  const auto hash_algorithm = parameters_of(curve).hash;
  std::array<std::uint8_t, PSA_HASH_MAX_SIZE> hash{};
  Bytes raw(2 * size_of(curve));
  const auto lock = psa::enter();
  std::size_t length = 0;
  psa::check(
      psa_hash_compute(hash_algorithm, message.data(), message.size(), hash.data(), hash.size(), &length));
  const psa::Key key = load(curve, scalar);
  std::size_t raw_length = 0;
  psa::check(psa_sign_hash(key.id(), PSA_ALG_DETERMINISTIC_ECDSA(hash_algorithm), hash.data(), length,
                           raw.data(), raw.size(), &raw_length));
  return ecdsa_to_der(raw);
}

}  // namespace fauxkey::crypto::ecdsa
