// What a virtual key is made with.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "fauxkey/bytes.h"

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

struct KeyConfig {
  Persona persona;
  AttestationStyle attestation = AttestationStyle::packed;
  /// How long a person has for each answer; the specification wants 10 s at least.
  std::chrono::milliseconds presence_timeout{30'000};
};

}  // namespace fauxkey
