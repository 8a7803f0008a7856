// Changes what opens a keystore.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "fauxkey/clock.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "keystore/key_wrap.h"
#include "keystore/opening.h"
#include "keystore/unlock.h"

namespace fauxkey::keystore {

/// What opened a keystore, and what does from now on.
struct Protection {
  Wrapping before;
  Wrapping now;
  std::vector<std::string> other_snapshots;  ///< damaged ones, which the old secret may open still
};

/// Has the keystore at `path` opened by what `to` gives from now on, which is made where it is a key file
/// that is not there; without `to`, by the same secret, wrapped anew. A passphrase's Argon2id cost is raised
/// to what suits this machine, and never lowered. The records are not touched: they are sealed by the master
/// key, which stays. A crash leaves a keystore that opens by the one or the other; afterwards nothing that
/// the old one opens is left in the file. Nobody may have the keystore open meanwhile.
[[nodiscard]] StoreResult<Protection> protect(const std::filesystem::path& path, const UnlockSource& from,
                                              const std::optional<UnlockSource>& to, Random& random,
                                              const Clock& clock, const Opening& opening = {});

}  // namespace fauxkey::keystore
