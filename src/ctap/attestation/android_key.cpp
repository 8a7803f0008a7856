// Format "android-key" (WebAuthn 8.4): a certificate for the credential's own key, whose extension tells what
// Android's keystore knows of that (Android, "Verify hardware-backed key pairs with key attestation"). Its
// numbers are those of Keymaster 4.
#include <algorithm>
#include <array>
#include <initializer_list>

#include "authenticator/credential_keys.h"
#include "crypto/der.h"
#include "crypto/hash.h"
#include "ctap/attestation/format.h"

namespace fauxkey::ctap::attestation {
namespace android {
namespace {

namespace der = crypto::der;

// 1.3.6.1.4.1.11129.2.1.17
constexpr auto kKeyDescription =
    std::to_array<std::uint8_t>({0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x01, 0x11});
// Without id-ce-keyUsage's first bit, digitalSignature, the key may not sign.
constexpr auto kKeyUsage = std::to_array<std::uint8_t>({0x55, 0x1d, 0x0f});
constexpr auto kDigitalSignature = std::to_array<std::uint8_t>({0x03, 0x02, 0x07, 0x80});
// That of every such certificate.
constexpr const char* kSubject = "CN=Android Keystore Key";

constexpr std::uint64_t kAttestationVersion = 3, kKeymasterVersion = 4;
constexpr std::uint8_t kTrustedEnvironment = 1;

// Tags of AuthorizationList.
constexpr std::uint32_t kPurpose = 1, kAlgorithm = 2, kKeySize = 3, kDigest = 5, kPadding = 6, kEcCurve = 10,
                        kRsaPublicExponent = 200, kNoAuthRequired = 503, kCreationDateTime = 701,
                        kOrigin = 702, kRootOfTrust = 704, kOsVersion = 705, kOsPatchLevel = 706,
                        kAttestationApplicationId = 709;
constexpr std::uint64_t kSign = 2, kRsa = 1, kEc = 3, kPkcs1Sign = 5, kExponent = 65537, kGenerated = 0;
constexpr std::uint64_t kAndroid14 = 140'000, kPatchLevel = 202'401;

/// What the keystore says of a key of that algorithm.
struct Kind {
  Algorithm algorithm;
  std::uint64_t type, bits, digest, curve;
};
constexpr std::array kKinds{Kind{Algorithm::es256, kEc, 256, 4, 1}, Kind{Algorithm::es384, kEc, 384, 5, 2},
                            Kind{Algorithm::es512, kEc, 521, 6, 3}, Kind{Algorithm::rs256, kRsa, 2048, 4, 0}};

WipingBytes integer(std::uint64_t value) {
  std::array<std::uint8_t, sizeof value> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(value >> (8 * (bytes.size() - 1 - i)));
  return der::unsigned_integer(bytes);
}
WipingBytes enumerated(std::uint8_t value) { return der::value(der::Tag::enumerated, {{&value, 1}}); }
WipingBytes octets(ByteView bytes) { return der::value(der::Tag::octet_string, {bytes}); }
WipingBytes set_of(std::uint64_t value) { return der::value(der::Tag::set, {integer(value)}); }

/// Whose bootloader started what: one that is locked, by a key that is made up.
WipingBytes root_of_trust() {
  constexpr std::array<std::uint8_t, 1> kTrue{0xff};
  constexpr std::uint8_t kVerified = 0;
  return der::value(der::Tag::sequence,
                    {octets(crypto::sha256(std::string_view{"fauxkey verified boot key"})),
                     der::value(der::Tag::boolean, {kTrue}), enumerated(kVerified),
                     octets(crypto::sha256(std::string_view{"fauxkey boot image"}))});
}

/// AttestationApplicationId: packages, and the digests of who signed them.
WipingBytes application() {
  const auto package =
      der::value(der::Tag::sequence, {octets(bytes_of(std::string_view{"fauxkey"})), integer(1)});
  return der::value(der::Tag::sequence,
                    {der::value(der::Tag::set, {package}),
                     der::value(der::Tag::set, {octets(crypto::sha256(std::string_view{"fauxkey"}))})});
}

WipingBytes tee_enforced(const Kind& kind) {
  constexpr std::size_t kLargest = 256;
  WipingBytes list;
  list.reserve(kLargest);
  const auto add = [&](std::uint32_t tag, ByteView value) { append(list, der::tagged(tag, value)); };
  add(kPurpose, set_of(kSign));
  add(kAlgorithm, integer(kind.type));
  add(kKeySize, integer(kind.bits));
  add(kDigest, set_of(kind.digest));
  if (kind.type == kRsa) {
    add(kPadding, set_of(kPkcs1Sign));
    add(kRsaPublicExponent, integer(kExponent));
  } else {
    add(kEcCurve, integer(kind.curve));
  }
  add(kNoAuthRequired, der::value(der::Tag::null, {}));
  add(kOrigin, integer(kGenerated));
  add(kRootOfTrust, root_of_trust());
  add(kOsVersion, integer(kAndroid14));
  add(kOsPatchLevel, integer(kPatchLevel));
  return der::value(der::Tag::sequence, {list});
}

WipingBytes software_enforced(const Credential& credential) {
  const auto created = static_cast<std::uint64_t>(std::max<std::int64_t>(credential.created_at, 0)) * 1000;
  return der::value(der::Tag::sequence, {der::tagged(kCreationDateTime, integer(created)),
                                         der::tagged(kAttestationApplicationId, octets(application()))});
}

Bytes key_description(const Subject& subject, const Kind& kind) {
  const auto description =
      der::value(der::Tag::sequence,
                 {integer(kAttestationVersion), enumerated(kTrustedEnvironment), integer(kKeymasterVersion),
                  enumerated(kTrustedEnvironment), octets(subject.client_data_hash),
                  octets({}) /* uniqueId */, software_enforced(subject.credential), tee_enforced(kind)});
  return {description.begin(), description.end()};
}

const Kind* kind_of(Algorithm algorithm) {
  const auto* const found = std::ranges::find(kKinds, algorithm, &Kind::algorithm);
  return found == kKinds.end() ? nullptr : found;
}

}  // namespace
}  // namespace android

bool android_key_supports(Algorithm algorithm) { return android::kind_of(algorithm) != nullptr; }

cbor::Value make_android_key(const Subject& subject) {
  using namespace android;
  const auto& kind = *kind_of(subject.credential.algorithm);
  Credential signer = subject.credential.clone();
  auto key = key_to_certify(subject);
  signer.private_key = std::move(key.private_key);
  auto certified =
      subject.keys.certify(LeafKind::android_key,
                           {.subject = kSubject,
                            .public_key = {},
                            .public_key_info = std::move(key.public_key_info),
                            .extensions = {{.oid = {kKeyUsage.begin(), kKeyUsage.end()},
                                            .critical = true,
                                            .value = {kDigitalSignature.begin(), kDigitalSignature.end()}},
                                           {.oid = {kKeyDescription.begin(), kKeyDescription.end()},
                                            .value = key_description(subject, kind)}}},
                           subject.variant);
  auto x5c = certificates(certified.leaf, certified.between);
  // Android's chains have their root with them, and some verifiers look for it there.
  x5c.emplace_back(std::move(certified.root));
  return cbor::Map{{"alg", static_cast<int>(subject.credential.algorithm)},
                   {"sig", sign(signer, subject.to_be_signed())},
                   {"x5c", std::move(x5c)}};
}

}  // namespace fauxkey::ctap::attestation
