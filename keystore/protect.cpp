#include "keystore/protect.h"

#include <utility>

#include "keystore/snapshots.h"
#include "keystore/store_file.h"
#include "keystore/unlock_secret.h"

namespace fauxkey::keystore {

StoreResult<Protection> protect(const std::filesystem::path& path, const UnlockSource& from,
                                const std::optional<UnlockSource>& to, Random& random, const Clock& clock,
                                const Opening& opening) {
  auto opened = open_store_file(path, from, random, clock, opening);
  if (!opened) return std::unexpected{opened.error()};
  auto& [file, unlocked, generation] = *opened;
  Database& database = *file.database;
  const auto old = read_unlock_record(database);
  if (!old) return std::unexpected{old.error()};
  const auto before = wrapping_of(*old);
  if (!before) return std::unexpected{damaged_file(database.path(), "its unlock record is none")};

  UnlockSecret secret = std::move(unlocked.secret);
  if (to) {
    auto read = read_unlock_secret(*to, Occasion::create, random, database.path().string());
    if (!read) return std::unexpected{read.error()};
    secret = *std::move(read);
  }
  const bool had_passphrase = before->kind == UnlockSecret::Kind::passphrase;
  const auto wrapped = protect_by(
      secret, unlocked.master, had_passphrase ? std::optional{before->cost} : std::nullopt, opening, random);
  if (!wrapped) return std::unexpected{wrapped.error()};
  if (auto written = write_unlock_record(database, *wrapped); !written) {
    return std::unexpected{written.error()};
  }
  // The old record has been overwritten in its page (secure_delete) and goes out of the log with this.
  if (auto moved = database.checkpoint(); !moved) return std::unexpected{moved.error()};
  const auto rewrapped = protect_snapshots(file, *wrapped, random);
  if (!rewrapped) return std::unexpected{rewrapped.error()};
  raise_mark(file.keys, generation, to.value_or(from), secret, random);
  return Protection{*before, *wrapping_of(*wrapped), *rewrapped};
}

}  // namespace fauxkey::keystore
