#include "authenticator/attestation_leaf.h"

#include <array>
#include <string_view>

#include "crypto/der.h"

namespace fauxkey {
namespace {

namespace der = crypto::der;

// WebAuthn 8.2.1: OU is this very text, CN of the vendor's choice.
constexpr const char* kModelName = "C=AQ,O=fauxkey,OU=Authenticator Attestation,CN=fauxkey attestation";

// Object identifiers, as DER has their content.
constexpr auto kSubjectAltName = std::to_array<std::uint8_t>({0x55, 0x1d, 0x11});
constexpr auto kExtKeyUsage = std::to_array<std::uint8_t>({0x55, 0x1d, 0x25});
constexpr auto kTcgKpAikCertificate = std::to_array<std::uint8_t>({0x67, 0x81, 0x05, 0x08, 0x03});
constexpr auto kTcgAtTpmManufacturer = std::to_array<std::uint8_t>({0x67, 0x81, 0x05, 0x02, 0x01});
constexpr auto kTcgAtTpmModel = std::to_array<std::uint8_t>({0x67, 0x81, 0x05, 0x02, 0x02});
constexpr auto kTcgAtTpmVersion = std::to_array<std::uint8_t>({0x67, 0x81, 0x05, 0x02, 0x03});

// Of the TCG's registry of vendor ids: "IBM", which is what the TPM in software names that people test with.
constexpr std::string_view kTpmManufacturer = "id:49424D00";
constexpr std::string_view kTpmModel = "fauxkey";
constexpr std::string_view kTpmVersion = "id:00010001";

/// A RelativeDistinguishedName of one attribute.
WipingBytes attribute(ByteView type, std::string_view text) {
  return der::value(der::Tag::set,
                    {der::value(der::Tag::sequence, {der::value(der::Tag::object_identifier, {type}),
                                                     der::value(der::Tag::utf8_string, {bytes_of(text)})})});
}

Bytes copy_of(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

/// GeneralNames with one directoryName (TCG EK Credential Profile, 3.2.9).
Bytes tpm_names() {
  constexpr std::uint32_t kDirectoryName = 4;
  const auto name = der::value(
      der::Tag::sequence, {attribute(kTcgAtTpmManufacturer, kTpmManufacturer),
                           attribute(kTcgAtTpmModel, kTpmModel), attribute(kTcgAtTpmVersion, kTpmVersion)});
  return copy_of(der::value(der::Tag::sequence, {der::tagged(kDirectoryName, name)}));
}

}  // namespace

crypto::x509::CertificateRequest model_leaf(const Aaguid& aaguid, const crypto::p256::PublicKey& key) {
  return {.subject = kModelName, .public_key = key, .aaguid = aaguid};
}

crypto::x509::CertificateRequest tpm_leaf(const Aaguid& aaguid, const crypto::p256::PublicKey& key) {
  // Where the subject is empty, its other names are critical (RFC 5280, 4.2.1.6).
  return {.subject = {},
          .public_key = key,
          .aaguid = aaguid,
          .extensions = {
              {.oid = copy_of(kSubjectAltName), .critical = true, .value = tpm_names()},
              {.oid = copy_of(kExtKeyUsage),
               .value = copy_of(der::value(
                   der::Tag::sequence, {der::value(der::Tag::object_identifier, {kTcgKpAikCertificate})}))}}};
}

AttestationKey derived_leaf(const AttestationAuthority& authority, LeafKind kind, const Aaguid& aaguid,
                            std::vector<Bytes> between, Random& random) {
  std::string label = "leaf " + std::to_string(static_cast<int>(kind));
  for (const auto byte : aaguid) label += ' ' + std::to_string(byte);
  auto key = authority.derive_key(label);
  const auto public_key = crypto::p256::public_key(key);
  auto request = kind == LeafKind::tpm ? tpm_leaf(aaguid, public_key) : model_leaf(aaguid, public_key);
  request.not_before = authority.terms().not_before;
  request.not_after = authority.terms().not_after;
  request.serial = authority.serial_for(public_key.x);
  auto certificate = authority.issue(request, random);
  return {std::move(key), std::move(certificate), std::move(between)};
}

}  // namespace fauxkey
