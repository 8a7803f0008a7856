// What stands in a record, as the map and the secret bytes that sealing.h takes.
#pragma once

#include <cstdint>
#include <optional>

#include "fauxkey/bytes.h"
#include "fauxkey/credential.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/secret.h"

namespace fauxkey::keystore {

struct EncodedCredential {
  Bytes map;
  SecretBytes secret;
};
[[nodiscard]] EncodedCredential encode_credential(const Credential& credential);
/// Nothing where the map is none that `encode_credential` makes.
[[nodiscard]] std::optional<Credential> decode_credential(ByteView map, ByteView secret);

[[nodiscard]] Bytes encode_counter(const SignCounter& counter);
[[nodiscard]] std::optional<SignCounter> decode_counter(ByteView map);

/// 8 bytes, big-endian. What is not such is read as 0: a revision only has to differ from the last one.
[[nodiscard]] Bytes encode_revision(std::uint64_t revision);
[[nodiscard]] std::uint64_t decode_revision(ByteView bytes);

/// The map of a state record, which is all secret.
[[nodiscard]] Bytes encode_state();
[[nodiscard]] bool is_state(ByteView map);

}  // namespace fauxkey::keystore
