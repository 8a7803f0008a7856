// Attestations that a key makes for tests of relying parties: each but the first two has one thing wrong.
#pragma once

#include <cstdint>
#include <string>

#include "fauxkey/bytes.h"

namespace fauxkey {

enum class AttestationVariant : std::uint8_t {
  genuine,
  enterprise,     ///< genuine, and names this one key
  expired,        ///< the certificate's time was over in 2002
  not_yet_valid,  ///< it begins in 2090
  wrong_root,     ///< the certificate is signed by another root of the same name
  wrong_key,  ///< the genuine certificate, and a signature that is not by its key; where the certificate is
              ///< the credential's own (android-key, apple), that of another credential
  wrong_aaguid,  ///< the certificate is for another model
  revoked,       ///< its serial number is in the authority's revocation list
};

/// A signature alone, as U2F's registration has it.
struct AttestationSignature {
  Bytes signature;    ///< ECDSA with SHA-256, DER
  Bytes certificate;  ///< DER
};

/// A whole attestation statement (WebAuthn 8) that somebody wants anew.
struct AttestationRequest {
  std::string format;  ///< "packed", "tpm" …
  bool self = false;   ///< "packed" by the credential's own key
  AttestationVariant variant = AttestationVariant::genuine;
  Bytes credential_id;  ///< whose: one of this key's, of that relying party
  RpIdHash rp_id_hash{};
  Bytes told_credential_id;  ///< as the authenticator data tell it
  Bytes authenticator_data;
  Bytes client_data_hash;
};

}  // namespace fauxkey
