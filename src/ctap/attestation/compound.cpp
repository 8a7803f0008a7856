// Format "compound" (WebAuthn Level 3, 8.9): an array of statements of other formats, two at least. Those
// with certificates make a message with five levels of maps and arrays, one more than CTAP's section 8 has.
#include "ctap/attestation/format.h"

namespace fauxkey::ctap::attestation {

cbor::Value make_compound(const Subject& subject) {
  const auto element = [&](AttestationStyle style) {
    const auto& format = format_of(style);
    return cbor::Map{{"fmt", std::string{format.name}}, {"attStmt", format.make(subject)}};
  };
  const auto second =
      tpm_supports(subject.credential.algorithm) ? AttestationStyle::tpm : AttestationStyle::packed_self;
  return cbor::Array{element(AttestationStyle::packed), element(second)};
}

}  // namespace fauxkey::ctap::attestation
