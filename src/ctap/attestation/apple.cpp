// Format "apple" (WebAuthn 8.8): an anonymous certificate for the credential's own key, whose extension has
// the hash of what is attested. There is no signature besides.
#include <array>

#include "crypto/der.h"
#include "crypto/hash.h"
#include "ctap/attestation/format.h"

namespace fauxkey::ctap::attestation {
namespace apple {
namespace {

// 1.2.840.113635.100.8.2
constexpr auto kNonceOid =
    std::to_array<std::uint8_t>({0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 0x08, 0x02});
constexpr const char* kSubject = "C=AQ,O=fauxkey,OU=fauxkey anonymous attestation,CN=fauxkey credential";

/// SEQUENCE { [1] EXPLICIT OCTET STRING }
Bytes nonce(ByteView attested) {
  namespace der = crypto::der;
  constexpr std::uint32_t kNonce = 1;
  const auto value =
      der::value(der::Tag::sequence,
                 {der::tagged(kNonce, der::value(der::Tag::octet_string, {crypto::sha256(attested)}))});
  return {value.begin(), value.end()};
}

}  // namespace
}  // namespace apple

cbor::Value make_apple(const Subject& subject) {
  const auto certified =
      subject.keys.certify(LeafKind::apple,
                           {.subject = apple::kSubject,
                            .public_key = {},
                            .public_key_info = key_to_certify(subject).public_key_info,
                            .extensions = {{.oid = {apple::kNonceOid.begin(), apple::kNonceOid.end()},
                                            .value = apple::nonce(subject.to_be_signed())}}},
                           subject.variant);
  return cbor::Map{{"x5c", certificates(certified.leaf, certified.between)}};
}

}  // namespace fauxkey::ctap::attestation
