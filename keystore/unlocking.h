// From an unlock source to the master key.
#pragma once

#include <filesystem>
#include <optional>

#include "fauxkey/clock.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "keystore/key_wrap.h"
#include "keystore/lock_file.h"
#include "keystore/opening.h"
#include "keystore/unlock.h"

namespace fauxkey::keystore {

struct Unlocked {
  MasterKey master;
  UnlockSecret secret;  ///< that opened it
};

/// Opens `wrapped`, the unlock record of the keystore at `path`, with what `source` gives, or with `secret`
/// where that has been read already. A person has three tries at a terminal. Wrong passphrases are counted in
/// `lock`, before they are tried; after five in a row there are pauses.
[[nodiscard]] StoreResult<Unlocked> unlock(const std::filesystem::path& path, ByteView wrapped,
                                           const UnlockSource& source, std::optional<UnlockSecret> secret,
                                           Lock& lock, Random& random, const Clock& clock);

/// The unlock record for `secret`. A passphrase costs what `opening` chooses, and no less than `stored`, its
/// keystore's cost until now.
[[nodiscard]] StoreResult<Bytes> protect_by(const UnlockSecret& secret, const MasterKey& master,
                                            const std::optional<Argon2Cost>& stored, const Opening& opening,
                                            Random& random);

}  // namespace fauxkey::keystore
