#include "authenticator/attestation_root.h"

#include <algorithm>
#include <stdexcept>

#include "crypto/p256_scalar.h"
#include "crypto/x509.h"

namespace fauxkey {
namespace {

// WebAuthn 8.2.1: C is an ISO 3166 code, O the vendor's name. No country stands behind this key, so it has
// the code of the one place that has no government.
constexpr const char* kRootName = "C=AQ,O=fauxkey,CN=fauxkey attestation root";

constexpr std::int64_t kRootDay = 86'400;
constexpr std::int64_t kRootLifetime = 30 * (365 * kRootDay + kRootDay / 4);
constexpr std::int64_t kEarliest = 1'577'836'800;  // 2020-01-01

/// A random number of 126 bits: positive, and always of the same length (RFC 5280, 4.1.2.2).
crypto::x509::Serial random_serial(Random& random) {
  auto serial = random.bytes<16>();
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3fU) | 0x40U);
  return serial;
}

}  // namespace

std::int64_t attestation_begin(const Clock& clock) {
  return std::max(clock.unix_time() - kRootDay, kEarliest);
}

AttestationRoot make_attestation_root(Random& random, const Clock& clock) {
  AttestationRoot root;
  root.key = crypto::p256::generate(random);
  const std::int64_t begin = attestation_begin(clock);
  root.certificate = crypto::x509::issue({.subject = kRootName,
                                          .public_key = crypto::p256::public_key(root.key),
                                          .not_before = begin,
                                          .not_after = begin + kRootLifetime,
                                          .serial = random_serial(random),
                                          .certificate_authority = true,
                                          .path_length = 1,
                                          .aaguid = std::nullopt},
                                         kRootName, root.key, random);
  return root;
}

AttestationRoot make_impostor_of(const AttestationRoot& root, Random& random) {
  const auto original = crypto::x509::read_authority(root.certificate);
  if (!original) throw std::runtime_error{"the attestation root's certificate is that of no authority"};
  AttestationRoot impostor;
  impostor.key = crypto::p256::generate(random);
  auto self = *original;
  self.public_key = crypto::p256::public_key(impostor.key);
  self.key_identifier.clear();
  impostor.certificate = crypto::x509::issue({.subject = {},
                                              .subject_name = original->name,
                                              .public_key = self.public_key,
                                              .not_before = original->not_before,
                                              .not_after = original->not_after,
                                              .serial = random_serial(random),
                                              .certificate_authority = true,
                                              .path_length = 1},
                                             self, impostor.key, random);
  return impostor;
}

std::string root_trouble(ByteView private_key, ByteView certificate) {
  const auto authority = crypto::x509::read_authority(certificate);
  if (!authority) return "has a certificate that is none of an authority with a P-256 key";
  if (!crypto::p256::is_private_key(private_key) ||
      crypto::p256::public_key(private_key) != authority->public_key)
    return "has a certificate and a private key that do not belong together";
  return {};
}

}  // namespace fauxkey
