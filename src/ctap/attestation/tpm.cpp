// Format "tpm" (WebAuthn 8.3): the structures of a TPM 2.0 (Trusted Platform Module Library, Part 2), which
// writes all numbers big-endian.
#include <algorithm>
#include <array>
#include <utility>

#include "authenticator/credential_keys.h"
#include "crypto/hash.h"
#include "ctap/attestation/format.h"

namespace fauxkey::ctap::attestation {
namespace tpm {
namespace {

// TPM_ALG_ID (6.3)
constexpr std::uint16_t kRsa = 0x0001, kSha256 = 0x000B, kNull = 0x0010, kEcc = 0x0023;
// TPMA_OBJECT (8.3): fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, sign.
constexpr std::uint32_t kObjectAttributes = 0x0004'0072;
constexpr std::uint16_t kRsaBits = 2048;
constexpr std::uint32_t kDefaultExponent = 0;  // which is 65537 (12.2.3.5)
// TPMS_ATTEST (10.12.12)
constexpr std::uint32_t kGeneratedValue = 0xFF544347;
constexpr std::uint16_t kAttestCertify = 0x8017;
constexpr std::uint64_t kFirmwareVersion = 0x0001'0001'0000'0000;
constexpr std::uint32_t kOwnerHierarchy = 0x4000'0001;  // TPM_RH_OWNER

struct Curve {
  Algorithm algorithm;
  std::uint16_t id;  ///< TPM_ECC_CURVE (6.4)
};
constexpr std::array kCurves{Curve{Algorithm::es256, 0x0003}, Curve{Algorithm::es384, 0x0004},
                             Curve{Algorithm::es512, 0x0005}};

constexpr std::size_t kLargest = 512;  // a public area of RSA has 282 bytes

class Structure {
 public:
  Structure() { bytes_.reserve(kLargest); }
  template <class Number>
  Structure& number(Number value) {
    for (std::size_t i = sizeof value; i-- > 0;)
      bytes_.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
    return *this;
  }
  Structure& raw(ByteView bytes) {
    append(bytes_, bytes);
    return *this;
  }
  /// TPM2B: its size before it.
  Structure& sized(ByteView bytes) { return number(static_cast<std::uint16_t>(bytes.size())).raw(bytes); }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

Bytes member(const cbor::Map& cose, int label) {
  const auto* value = cbor::find(cose, label);
  const auto* bytes = value != nullptr ? value->as<Bytes>() : nullptr;
  return bytes != nullptr ? *bytes : Bytes{};
}

/// TPMT_PUBLIC (12.2.4).
Bytes public_area(const Credential& credential) {
  constexpr int kFirst = -2, kSecond = -3, kModulus = -1;  // x, y; n (RFC 9053, 7.1.1; RFC 8230, 4)
  const auto value = cose_public_key(credential);
  const auto& cose = *value.as<cbor::Map>();
  const bool is_rsa = credential.algorithm == Algorithm::rs256;
  Structure area;
  area.number(is_rsa ? kRsa : kEcc).number(kSha256).number(kObjectAttributes).sized({});
  area.number(kNull).number(kNull);  // symmetric, scheme
  if (is_rsa) {
    return area.number(kRsaBits).number(kDefaultExponent).sized(member(cose, kModulus)).bytes();
  }
  for (const auto& curve : kCurves) {
    if (curve.algorithm == credential.algorithm) area.number(curve.id);
  }
  return area.number(kNull).sized(member(cose, kFirst)).sized(member(cose, kSecond)).bytes();
}

/// An entity's name (Part 1, 16).
Bytes name_of(ByteView hashed) { return Structure{}.number(kSha256).raw(crypto::sha256(hashed)).bytes(); }

/// TPMS_ATTEST of TPM2_Certify. The key is said to lie right below the owner's hierarchy.
Bytes certify_info(const Subject& subject, ByteView area, ByteView signer) {
  const Bytes name = name_of(area);
  const Bytes below_owner = Structure{}.number(kOwnerHierarchy).raw(name).bytes();
  Structure info;
  info.number(kGeneratedValue).number(kAttestCertify).sized(name_of(signer));
  info.sized(crypto::sha256(subject.to_be_signed()));
  // TPMS_CLOCK_INFO: clock, resetCount, restartCount, safe.
  info.number(subject.milliseconds).number(std::uint32_t{1}).number(std::uint32_t{0}).number(std::uint8_t{1});
  return info.number(kFirmwareVersion).sized(name).sized(name_of(below_owner)).bytes();
}

}  // namespace
}  // namespace tpm

bool tpm_supports(Algorithm algorithm) {
  return algorithm == Algorithm::rs256 ||
         std::ranges::any_of(tpm::kCurves, [&](const auto& curve) { return curve.algorithm == algorithm; });
}

cbor::Value make_tpm(const Subject& subject) {
  const auto* key = subject.keys.find(LeafKind::tpm, subject.variant);
  Bytes area = tpm::public_area(subject.credential);
  Bytes info = tpm::certify_info(subject, area, key->certificate());
  Bytes signature = key->sign(info);
  return cbor::Map{{"ver", "2.0"},
                   {"alg", static_cast<int>(Algorithm::es256)},
                   {"x5c", certificates(key->certificate(), key->between())},
                   {"sig", std::move(signature)},
                   {"certInfo", std::move(info)},
                   {"pubArea", std::move(area)}};
}

}  // namespace fauxkey::ctap::attestation
