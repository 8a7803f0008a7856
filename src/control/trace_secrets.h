// What passes over the wire in plain and is a secret: keys and contents that a platform keeps on the key.
//
// PINs, tokens and hmac-secret's outputs pass encrypted, and no key of the keystore ever does. In plain are
// largeBlobKey (12.3), credBlob (12.2), the largeBlob extension's blob (12.4) and the large-blob array
// (6.10).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ctaphid/device.h"
#include "fauxkey/bytes.h"

namespace fauxkey::control {

/// Overwrites with zeros what is secret in a CTAP2 message. `command`: the request's. Returns the names of
/// what was there.
std::vector<std::string> redact(Bytes& message, ctaphid::Direction direction, std::uint8_t command);

}  // namespace fauxkey::control
