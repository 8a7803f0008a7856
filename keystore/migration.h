// A keystore of an earlier format becomes one of today's.
#pragma once

#include <filesystem>
#include <optional>
#include <span>

#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "keystore/record.h"
#include "keystore/sealing.h"
#include "keystore/sqlite.h"

namespace fauxkey::keystore {

/// Makes the store's own record in a file that has none yet, within a transaction.
[[nodiscard]] StoreResult<void> write_tally(const Database& database, const Keys& keys, Tally tally,
                                            Random& random);

/// Turns format 1 into format 2, in one transaction. `new_tables`: the statements that make today's
/// credentials, counters and records. What is damaged stays so and is not forgotten; where there is such a
/// thing, the file is kept as it was under the name that is returned, for there may be more to be had from it
/// than from the new one.
[[nodiscard]] StoreResult<std::optional<std::filesystem::path>> migrate_from_1(
    Database& database, const Keys& keys, std::span<const char* const> new_tables, Random& random);

}  // namespace fauxkey::keystore
