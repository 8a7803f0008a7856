// What a virtual key is made with.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fauxkey/bytes.h"
#include "fauxkey/credential.h"
#include "fauxkey/persona.h"

namespace fauxkey {

/// How makeCredential attests (WebAuthn 8).
enum class AttestationStyle : std::uint8_t {
  packed,       ///< by the attestation key, with its certificate (8.2)
  packed_self,  ///< by the credential's own key
  none,         ///< not at all (8.7)
  fido_u2f,     ///< as U2F's registration; ES256 alone, and the AAGUID is told as zeros (8.6)
  tpm,          ///< as a TPM 2.0; ES256, ES384, ES512 and RS256 (8.3)
  android_key,  ///< by a certificate for the credential's own key, as Android's keystore; the same algorithms
                ///< (8.4)
  apple,        ///< by an anonymous certificate for the credential's own key; ES256 alone (8.8)
  compound,     ///< two statements: packed, and tpm or (of other algorithms) self (8.9)
};

/// A certificate that attestations chain to, with its private key (attestation_root.h).
struct AttestationRoot;

/// Enterprise attestation (CTAP 2.3, 7.1): attestation by a certificate that names this one key.
struct Enterprise {
  /// Relying parties for which the key itself gives it ("vendor-facilitated", 1); for "platform-managed" (2)
  /// the platform has a list of its own.
  std::vector<std::string> rp_ids;
};

/// How the key verifies its user by itself (option uv), without a PIN.
enum class BuiltInUvKind : std::uint8_t {
  none,
  prompt,       ///< whoever may answer its prompts is the user
  fingerprint,  ///< by fingers that platforms enroll (authenticatorBioEnrollment); the user gate tells which
                ///< one touches
};

/// Where platforms may keep bytes for a credential: one of the two ways that CTAP 2.3 has, which exclude each
/// other.
enum class LargeBlobKind : std::uint8_t {
  none,
  command,    ///< extension largeBlobKey and authenticatorLargeBlobs (6.10, 12.3)
  extension,  ///< extension largeBlob (12.4)
};

inline constexpr std::chrono::milliseconds kShortestPacketTimeout{100}, kLongestPacketTimeout{60'000};

struct KeyConfig {
  Persona persona{};
  /// Unasked. A credential whose algorithm the style does not have gets the first of further_attestations
  /// that has it, or else `packed`.
  AttestationStyle attestation = AttestationStyle::packed;
  /// Also made, where a platform prefers their format (attestationFormatsPreference). "none" always is.
  std::vector<AttestationStyle> further_attestations{};
  /// Certificates in x5c: the leaf, or (2) the leaf and the intermediate authority that signed it. U2F and
  /// fido-u2f have room for one alone.
  unsigned attestation_chain = 1;
  /// What leaves are made under; nothing: the keystore's own root.
  std::shared_ptr<const AttestationRoot> attestation_root{};
  std::optional<Enterprise> enterprise{};
  BuiltInUvKind built_in_uv = BuiltInUvKind::none;
  LargeBlobKind large_blobs = LargeBlobKind::command;
  /// The newest version that getInfo names. The key is the same: this is for platforms that take a key whose
  /// version they do not know for a U2F key (Firefox 153 does).
  CtapVersion newest_version = CtapVersion::fido_2_3;
  bool ctap = true;          ///< otherwise the key speaks U2F alone
  bool discoverable = true;  ///< can have discoverable credentials (option rk)
  bool client_pin = true;    ///< can have a PIN
  bool uvm = false;  ///< the uvm extension (WebAuthn Level 2), which tells sites how the user was verified
  /// Those that new credentials may have, the preferred one first; empty: all that the libraries here offer.
  std::vector<Algorithm> algorithms{};
  /// New discoverable credentials may be backed up (BE) and have no signature counter, as a passkey
  /// provider's.
  bool backup_eligible = false;
  bool backed_up = false;  ///< and are (BS), where they may be
  /// Credentials that are not discoverable lie in the store as well, not in their ids, so that whoever has
  /// the store can list and remove them.
  bool keeps_all = false;
  /// Signatures of this process repeat themselves from then on, so that with a seeded source all bytes do.
  bool repeatable = false;
  /// alwaysUv is on from the start; a platform that may can turn it off.
  bool always_uv = false;
  /// How long a person has for each answer; the specification wants 10 s at least.
  std::chrono::milliseconds presence_timeout{30'000};
  /// How long a host may take from one packet of a message to the next. The specification leaves it open;
  /// 500 ms is what security keys use, and too short on a machine that stands still for longer.
  std::chrono::milliseconds packet_timeout{500};
};

}  // namespace fauxkey
