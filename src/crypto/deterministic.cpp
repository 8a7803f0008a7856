#include "crypto/deterministic.h"

#include <array>
#include <atomic>

#include "crypto/ecdsa_der.h"
#include "crypto/psa.h"

namespace fauxkey::crypto {
namespace {

std::atomic<bool>& deterministic() {
  static std::atomic<bool> setting{false};
  return setting;
}

struct CurveRow {
  psa_key_type_t key_pair;
  psa_algorithm_t hash;
};
/// In the order of EcdsaCurve.
constexpr std::array kCurveRows{CurveRow{PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1), PSA_ALG_SHA_256},
                                CurveRow{PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1), PSA_ALG_SHA_384},
                                CurveRow{PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1), PSA_ALG_SHA_512},
                                CurveRow{PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_K1), PSA_ALG_SHA_256}};

}  // namespace

void make_signatures_deterministic() { deterministic() = true; }

bool signatures_are_deterministic() { return deterministic(); }

Bytes sign_rfc6979(EcdsaCurve curve, ByteView scalar, ByteView message) {
  const auto& row = kCurveRows.at(static_cast<std::size_t>(curve));
  const auto algorithm = PSA_ALG_DETERMINISTIC_ECDSA(row.hash);
  std::array<std::uint8_t, PSA_HASH_MAX_SIZE> hash{};
  std::size_t hash_length = 0;
  Bytes raw(2 * scalar.size());
  std::size_t raw_length = 0;
  const auto lock = psa::enter();
  psa::check(
      psa_hash_compute(row.hash, message.data(), message.size(), hash.data(), hash.size(), &hash_length));
  const psa::Key key{scalar, row.key_pair, PSA_KEY_USAGE_SIGN_HASH, algorithm};
  psa::check(
      psa_sign_hash(key.id(), algorithm, hash.data(), hash_length, raw.data(), raw.size(), &raw_length));
  return ecdsa_to_der(raw);
}

}  // namespace fauxkey::crypto
