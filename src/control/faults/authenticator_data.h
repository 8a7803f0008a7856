// Authenticator data (WebAuthn 6.1) taken apart, and put together again whatever its parts are.
#pragma once

#include <cstdint>
#include <optional>

#include "fauxkey/bytes.h"

namespace fauxkey::control::faults {

// WebAuthn 6.1, "flags".
inline constexpr std::uint8_t kFlagUp = 0x01, kFlagUv = 0x04, kFlagBe = 0x08, kFlagBs = 0x10, kFlagAt = 0x40,
                              kFlagEd = 0x80;

/// Attested credential data (6.5.1).
struct AttestedCredential {
  Aaguid aaguid{};
  Bytes credential_id;
  Bytes public_key;  ///< COSE_Key, encoded
};

struct AuthenticatorData {
  RpIdHash rp_id_hash{};
  std::uint8_t flags = 0;
  std::uint32_t counter = 0;
  std::optional<AttestedCredential> attested;
  Bytes extensions;  ///< encoded
};

/// Nothing where it is none.
[[nodiscard]] std::optional<AuthenticatorData> read_authenticator_data(ByteView bytes);
/// What is there is written, whatever the flags say. A credential id has 65,535 bytes at most.
[[nodiscard]] Bytes write(const AuthenticatorData& data);

}  // namespace fauxkey::control::faults
