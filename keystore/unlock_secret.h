// Gets the secret that an unlock source names.
#pragma once

#include <cstdint>
#include <string>

#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "keystore/key_wrap.h"
#include "keystore/unlock.h"

namespace fauxkey::keystore {

/// Passphrases are 1 to this many bytes.
inline constexpr std::size_t kMaxPassphrase = 1024;

/// Whether a new keystore is made; then a missing key file is made too, and a typed passphrase is asked for
/// twice.
enum class Occasion : std::uint8_t { create, open };

[[nodiscard]] UnlockSecret::Kind secret_kind(const UnlockSource& source);

/// `keystore` names it in the prompt of `ask`; `retry` says there that the passphrase before was wrong.
[[nodiscard]] StoreResult<UnlockSecret> read_unlock_secret(const UnlockSource& source, Occasion occasion,
                                                           Random& random, const std::string& keystore,
                                                           bool retry = false);

/// Overwrites the variable of an `env:` source, in which core dumps and programs that are started would find
/// the passphrase. For a program that has opened its keystore and goes on running.
void forget_unlock_secret(const UnlockSource& source);

/// Whether a terminal controls the process.
[[nodiscard]] bool has_terminal();

/// One line typed at the terminal that controls the process, unseen. Backspace and Ctrl-U edit, Ctrl-C and
/// Ctrl-D cancel.
[[nodiscard]] StoreResult<SecretBytes> ask_terminal(const std::string& prompt);

}  // namespace fauxkey::keystore
