// age v1 files with a passphrase (https://c2sp.org/age): what `age -p` writes and `age -d` opens. The header
// has one scrypt stanza, which wraps the file key; the payload is STREAM chunks of 64 KiB.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

#include "base/wiping.h"
#include "fauxkey/bytes.h"
#include "fauxkey/random.h"
#include "fauxkey/secret.h"

namespace fauxkey::exchange::age {

/// The base-two logarithm of scrypt's N; age's own, about a second and 256 MiB.
inline constexpr int kWorkFactor = 18;
/// A file that asks for more is refused, for it may be made to keep a machine busy: each step doubles time
/// and memory, and this one takes 1 GiB.
inline constexpr int kMaxWorkFactor = 20;

/// Whether `file` begins as an age file does, binary or armored, whatever its recipients.
[[nodiscard]] bool is_age(ByteView file);

[[nodiscard]] Bytes encrypt(ByteView plaintext, const SecretBytes& passphrase, Random& random,
                            int work_factor = kWorkFactor);

struct Error {
  bool wrong_passphrase = false;  ///< or a damaged header: the two cannot be told apart
  std::string message;            ///< the end of a sentence that begins with the file's name
};
/// Binary or armored. Throws std::bad_alloc where scrypt's memory is not to be had.
[[nodiscard]] std::expected<WipingBytes, Error> decrypt(ByteView file, const SecretBytes& passphrase,
                                                        int max_work_factor = kMaxWorkFactor);

}  // namespace fauxkey::exchange::age
