// What a credential's algorithm decides: its key pair, its COSE public key, its signatures. One table row per
// algorithm; nothing else in the project asks which algorithm a credential has.
#pragma once

#include "cbor/cbor.h"
#include "fauxkey/credential.h"
#include "fauxkey/random.h"

namespace fauxkey {

/// Whether this build and this machine's libraries have it.
[[nodiscard]] bool is_available(Algorithm algorithm);

[[nodiscard]] SecretBytes generate_private_key(Algorithm algorithm, Random& random);
/// COSE_Key of the public half (RFC 9052, section 7; WebAuthn 6.5.1.1).
[[nodiscard]] cbor::Value cose_public_key(const Credential& credential);
/// As WebAuthn 6.5.5 wants it: ECDSA in DER, all others raw.
[[nodiscard]] Bytes sign(const Credential& credential, ByteView message);

}  // namespace fauxkey
