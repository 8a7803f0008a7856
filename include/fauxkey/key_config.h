// What a virtual key is made with.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fauxkey/bytes.h"
#include "fauxkey/credential.h"

namespace fauxkey {

/// What kind of key it is: what getInfo tells of the model.
struct Persona {
  std::string name = "fauxkey";
  /// A random (version 4) UUID made for this project; no vendor's.
  Aaguid aaguid{0x0f, 0xa0, 0x7b, 0x1e, 0x5d, 0x3c, 0x4e, 0x8a,
                0x9c, 0x61, 0xf2, 0xd4, 0x27, 0xb8, 0x90, 0x5e};
  std::uint32_t firmware_version = 1;
};

/// How makeCredential attests (WebAuthn 8.2).
enum class AttestationStyle : std::uint8_t {
  packed,       ///< by the attestation key, with its certificate
  packed_self,  ///< by the credential's own key
};

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
  command,    ///< extension largeBlobKey and authenticatorLargeBlobs (6.10, 12.3)
  extension,  ///< extension largeBlob (12.4)
};

/// The newest version that getInfo names. The key is the same: this is for platforms that take a key whose
/// version they do not know for a U2F key (Firefox 153 does).
enum class CtapVersion : std::uint8_t { fido_2_0, fido_2_1, fido_2_3 };

inline constexpr std::chrono::milliseconds kShortestPacketTimeout{100}, kLongestPacketTimeout{60'000};

struct KeyConfig {
  Persona persona{};
  AttestationStyle attestation = AttestationStyle::packed;
  std::optional<Enterprise> enterprise{};
  BuiltInUvKind built_in_uv = BuiltInUvKind::none;
  LargeBlobKind large_blobs = LargeBlobKind::command;
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
