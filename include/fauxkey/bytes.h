// Byte sequences as this library passes them around.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fauxkey {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// SHA-256 of a relying party's id (WebAuthn) or a U2F application parameter: both name a relying party.
using RpIdHash = std::array<std::uint8_t, 32>;
using Sha256Hash = std::array<std::uint8_t, 32>;

/// The model of an authenticator (WebAuthn 6.5.1.1), the same for every key of one persona.
using Aaguid = std::array<std::uint8_t, 16>;

/// Appends `more` to `bytes`.
inline void append(Bytes& bytes, ByteView more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

}  // namespace fauxkey
