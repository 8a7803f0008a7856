// Credentials that the key does not store: everything it needs to use one lies, encrypted and authenticated
// by a key that never leaves it, in the credential id that the relying party keeps (WebAuthn 4, "server-side
// credential"). U2F key handles are the same.
#pragma once

#include <optional>

#include "fauxkey/credential.h"
#include "fauxkey/random.h"

namespace fauxkey {

using WrapKey = Secret<32>;

/// Fills in `credential.id` (at most 255 bytes, so that it is a U2F key handle too) and derives its
/// CredRandom values.
void wrap(Credential& credential, const WrapKey& key, Random& random);

/// The credential behind `id`, or nothing where this key did not make it for this relying party. What the
/// id does not hold (names, user) is empty.
[[nodiscard]] std::optional<Credential> unwrap(ByteView id, const RpIdHash& rp_id_hash, const WrapKey& key);

}  // namespace fauxkey
