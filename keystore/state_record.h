// The key's own state records (RecordKind) in the file.
#pragma once

#include <optional>

#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "keystore/sealing.h"
#include "keystore/sqlite.h"

namespace fauxkey::keystore {

/// Nothing where there is none.
[[nodiscard]] StoreResult<std::optional<SecretBytes>> read_state(const Database& database, const Keys& keys,
                                                                 RecordKind kind);
[[nodiscard]] StoreResult<void> write_state(const Database& database, const Keys& keys, RecordKind kind,
                                            ByteView value, Random& random);

}  // namespace fauxkey::keystore
