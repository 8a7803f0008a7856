// Attestations that a key makes for tests of relying parties: each but the first two has one thing wrong.
#pragma once

#include <cstdint>

#include "fauxkey/bytes.h"

namespace fauxkey {

enum class AttestationVariant : std::uint8_t {
  genuine,
  enterprise,     ///< genuine, and names this one key
  expired,        ///< the certificate's time was over in 2002
  not_yet_valid,  ///< it begins in 2090
  wrong_root,     ///< the certificate is signed by another root of the same name
  wrong_key,      ///< the genuine certificate, and a signature that is not by its key
  wrong_aaguid,   ///< the certificate is for another model
};

struct AttestationSignature {
  Bytes signature;    ///< ECDSA with SHA-256, DER
  Bytes certificate;  ///< DER
};

}  // namespace fauxkey
