#include "authenticator/attestation_authority.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "crypto/hash.h"
#include "crypto/p256_scalar.h"

namespace fauxkey {
namespace {

constexpr const char* kIntermediateName = "C=AQ,O=fauxkey,CN=fauxkey attestation intermediate";
constexpr const char* kMetadataName = "C=AQ,O=fauxkey,CN=fauxkey metadata signing";
constexpr std::array kLeafKinds{LeafKind::model, LeafKind::u2f, LeafKind::tpm, LeafKind::android_key,
                                LeafKind::apple};

ByteView text_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

crypto::x509::Authority read(ByteView certificate) {
  auto authority = crypto::x509::read_authority(certificate);
  if (!authority) throw std::runtime_error{"the attestation root's certificate is that of no authority"};
  return *std::move(authority);
}

}  // namespace

crypto::x509::Serial serial_of_hash(const Sha256Hash& hash) {
  crypto::x509::Serial serial;
  std::copy_n(hash.begin(), serial.size(), serial.begin());
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3fU) | 0x40U);
  return serial;
}

AttestationAuthority::AttestationAuthority(crypto::p256::PrivateKey key, Bytes certificate)
    : key_{std::move(key)}, certificate_{std::move(certificate)}, authority_{read(certificate_)} {}

AttestationAuthority::AttestationAuthority(const AttestationRoot& root)
    : AttestationAuthority{root.key.clone(), root.certificate} {}

crypto::p256::PrivateKey AttestationAuthority::derive_key(const std::string& label) const {
  // Nearly every number is a private key; where one is not, the next is taken.
  for (unsigned count = 0;; ++count) {
    auto key =
        crypto::hkdf_sha256(key_, {}, "fauxkey attestation key, " + label + ", " + std::to_string(count));
    if (crypto::p256::is_private_key(key)) return key;
  }
}

crypto::x509::Serial AttestationAuthority::serial_for(ByteView public_key) const {
  return serial_of_hash(crypto::sha256(
      {text_bytes("serial number"), authority_.public_key.x, authority_.public_key.y, public_key}));
}

crypto::x509::Serial AttestationAuthority::revoked_serial(LeafKind kind) const {
  const auto number = static_cast<std::uint8_t>(kind);
  return serial_of_hash(crypto::sha256({text_bytes("revoked serial number"), authority_.public_key.x,
                                        authority_.public_key.y, ByteView{&number, 1}}));
}

AttestationAuthority AttestationAuthority::intermediate(Random& random) const {
  if (!authority_.has_authorities) {
    throw std::runtime_error{
        "This attestation root is made for leaves alone (pathLenConstraint 0), so there is no chain of two "
        "certificates under it: take a new keystore, or another root with --attestation-root FILE."};
  }
  auto key = derive_key("intermediate");
  const auto public_key = crypto::p256::public_key(key);
  auto certificate = issue({.subject = kIntermediateName,
                            .public_key = public_key,
                            .not_before = authority_.not_before,
                            .not_after = authority_.not_after,
                            .serial = serial_for(public_key.x),
                            .certificate_authority = true},
                           random);
  return {std::move(key), std::move(certificate)};
}

Bytes AttestationAuthority::issue(const crypto::x509::CertificateRequest& request, Random& random) const {
  return crypto::x509::issue(request, authority_, key_, random);
}

Bytes AttestationAuthority::revocation_list() const {
  if (!authority_.signs_revocations) {
    throw std::runtime_error{
        "This attestation root may not sign revocation lists (its KeyUsage is without cRLSign): take a new "
        "keystore, or another root with --attestation-root FILE."};
  }
  std::vector<crypto::x509::Serial> serials;
  serials.reserve(kLeafKinds.size());
  for (const auto kind : kLeafKinds) serials.push_back(revoked_serial(kind));
  return crypto::x509::issue_revocation_list({.this_update = authority_.not_before,
                                              .next_update = authority_.not_after,
                                              .number = 1,
                                              .serials = serials},
                                             authority_, key_);
}

Bytes attestation_intermediate(const AttestationRoot& root, Random& random) {
  return AttestationAuthority{root}.intermediate(random).certificate();
}

std::vector<Bytes> attestation_revocation_lists(const AttestationRoot& root, Random& random) {
  const AttestationAuthority authority{root};
  std::vector<Bytes> lists;
  lists.reserve(2);
  lists.push_back(authority.revocation_list());
  if (authority.terms().has_authorities) lists.push_back(authority.intermediate(random).revocation_list());
  return lists;
}

MetadataSigner metadata_signer(const AttestationRoot& root, Random& random) {
  const AttestationAuthority authority{root};
  auto key = authority.derive_key("metadata");
  const auto public_key = crypto::p256::public_key(key);
  auto certificate = authority.issue({.subject = kMetadataName,
                                      .public_key = public_key,
                                      .not_before = authority.terms().not_before,
                                      .not_after = authority.terms().not_after,
                                      .serial = authority.serial_for(public_key.x)},
                                     random);
  return {.key = std::move(key), .certificate = std::move(certificate)};
}

}  // namespace fauxkey
