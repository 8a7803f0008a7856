// The master key as it stands in the file: wrapped by a key that comes from the unlock secret.
#pragma once

#include <cstdint>
#include <optional>

#include "fauxkey/bytes.h"
#include "fauxkey/random.h"
#include "fauxkey/secret.h"
#include "keystore/argon2_cost.h"
#include "keystore/sealing.h"

namespace fauxkey::keystore {

/// What an unlock source gives.
struct UnlockSecret {
  enum class Kind : std::uint8_t {
    key = 1,         ///< 32 random bytes
    passphrase = 2,  ///< what a person remembers; goes through Argon2id
  };
  Kind kind = Kind::key;
  SecretBytes bytes;
};

/// Canonical CBOR: {1: version, 2: kind, 3: salt, 4: Argon2id's passes, 5: its memory, 6: the sealed master
/// key}; the others are bound to the last. `cost` is for passphrases. Throws std::bad_alloc where Argon2id's
/// memory is not to be had.
[[nodiscard]] Bytes wrap(const MasterKey& master, const UnlockSecret& secret, const Argon2Cost& cost,
                         Random& random);

/// How a wrapped master key is opened.
struct Wrapping {
  UnlockSecret::Kind kind = UnlockSecret::Kind::key;
  Argon2Cost cost;  ///< of a passphrase
};
/// Nothing where the bytes are none that `wrap` makes, or ask for more work than is bearable (which is how a
/// forged file could keep a machine busy).
[[nodiscard]] std::optional<Wrapping> wrapping_of(ByteView wrapped);

/// Nothing where the secret is another, or the bytes are damaged. Throws std::bad_alloc where Argon2id's
/// memory is not to be had.
[[nodiscard]] std::optional<MasterKey> unwrap(ByteView wrapped, const UnlockSecret& secret);

}  // namespace fauxkey::keystore
