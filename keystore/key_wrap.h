// The master key as it stands in the file: wrapped by a key that comes from the unlock secret.
#pragma once

#include <cstdint>
#include <optional>

#include "fauxkey/bytes.h"
#include "fauxkey/random.h"
#include "fauxkey/secret.h"
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

/// How hard Argon2id works.
struct Argon2Cost {
  std::uint64_t passes = 0;
  std::uint64_t memory = 0;  ///< bytes
};
/// Twice the memory of RFC 9106's second recommended option: about a quarter of a second, once at start-up.
inline constexpr Argon2Cost kArgon2Cost{3, std::uint64_t{128} << 20U};

/// Canonical CBOR: {1: version, 2: kind, 3: salt, 4: Argon2id's passes, 5: its memory, 6: the sealed master
/// key}; the others are bound to the last.
[[nodiscard]] Bytes wrap(const MasterKey& master, const UnlockSecret& secret, Random& random);

/// Which kind of secret opens it. Nothing where the bytes are none that `wrap` makes, or ask for more work
/// than a store that this program made would (which is how a forged file could keep a machine busy).
[[nodiscard]] std::optional<UnlockSecret::Kind> kind_of_wrapped(ByteView wrapped);

/// Nothing where the secret is another, or the bytes are damaged. Throws std::bad_alloc where Argon2id's
/// memory is not to be had.
[[nodiscard]] std::optional<MasterKey> unwrap(ByteView wrapped, const UnlockSecret& secret);

}  // namespace fauxkey::keystore
