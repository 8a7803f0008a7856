// What a key remembers, encrypted in one SQLite file.
//
// Who holds the file without the unlock secret learns how many credentials, counters and records there are
// and their rough sizes, and, given two copies, which of them changed between. Nothing can be altered,
// invented, or moved from one credential to another. docs/keystore-format.md says it in full.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fauxkey/clock.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "keystore/compact.h"
#include "keystore/damage.h"
#include "keystore/opening.h"
#include "keystore/unlock.h"

namespace fauxkey {

/// Safe to call from several threads; one process at a time has a file open. Besides the file there are
/// FILE.lock and, while it is open or after a crash, FILE-wal, which belongs to it; with snapshots also the
/// folder FILE.snapshots, and beside a key file KEYFILE.mark (keystore/rollback.h).
class SqliteStore final : public CredentialStore {
 public:
  /// Opens the keystore, or makes it (with its folder, mode 0700, and the key file of a `keyfile:` source)
  /// where there is none. An existing file that is no sound keystore or does not open with this secret is
  /// left as it is. `random` and `clock` must outlive the store.
  [[nodiscard]] static std::expected<std::unique_ptr<SqliteStore>, StoreError> open(
      const std::filesystem::path& path, const UnlockSource& unlock, Random& random, Clock& clock,
      const Opening& opening = {});
  ~SqliteStore() override;

  [[nodiscard]] StoreResult<void> put_all(std::span<const Credential> credentials) override;
  [[nodiscard]] StoreResult<bool> update(const Credential& credential) override;
  [[nodiscard]] StoreResult<std::optional<Credential>> find(ByteView credential_id) override;
  /// Leaves damaged ones out, unless all are; `check` finds them.
  [[nodiscard]] StoreResult<std::vector<Credential>> find_by_rp(const RpIdHash& rp_id_hash) override;
  [[nodiscard]] StoreResult<bool> erase(ByteView credential_id) override;
  [[nodiscard]] StoreResult<std::size_t> count() override;
  /// Leaves damaged ones out; `check` finds them.
  [[nodiscard]] StoreResult<Page> page(std::uint64_t cursor, std::size_t limit) override;
  /// Leaves damaged ones out.
  [[nodiscard]] StoreResult<Page> page_by_rp(const RpIdHash& rp_id_hash, std::uint64_t cursor,
                                             std::size_t limit) override;
  [[nodiscard]] StoreResult<Page> page_relying_parties(std::uint64_t cursor, std::size_t limit) override;
  /// Reads all credentials the first time and after changes; half a second for 100,000.
  [[nodiscard]] StoreResult<std::size_t> count_relying_parties() override;
  [[nodiscard]] StoreResult<std::uint64_t> revision() override;
  [[nodiscard]] StoreResult<std::uint32_t> next_sign_count(ByteView credential_id) override;
  [[nodiscard]] StoreResult<SignCounter> sign_counter(ByteView credential_id) override;
  [[nodiscard]] StoreResult<void> raise_sign_count(ByteView credential_id, std::uint32_t at_least) override;
  [[nodiscard]] StoreResult<std::optional<SecretBytes>> load(RecordKind kind) override;
  [[nodiscard]] StoreResult<void> save(RecordKind kind, ByteView value) override;
  [[nodiscard]] StoreResult<void> reset() override;

  // Snapshots (keystore/snapshots.h): the whole state under a name, beside the file.
  /// While the store is in use, too.
  [[nodiscard]] StoreResult<void> save_snapshot(std::string_view name);
  /// Nobody may use the store meanwhile, and a key that was made on it must be made anew. Throws
  /// std::runtime_error where the file cannot be opened afterwards; the store is good for nothing then.
  [[nodiscard]] StoreResult<void> restore_snapshot(std::string_view name);
  [[nodiscard]] StoreResult<void> fork_snapshot(std::string_view name, const std::filesystem::path& to);

  /// Writes the file anew, without what deleted records left.
  [[nodiscard]] StoreResult<keystore::Sizes> compact();

  using Damage = keystore::Damage;

  /// Writes the exact signature counts, which otherwise happens when the store is closed: for copies of the
  /// file.
  [[nodiscard]] StoreResult<void> write_counters();
  /// Where the file is kept as it was before it got today's format; only where that could not take all over.
  [[nodiscard]] const std::optional<std::filesystem::path>& kept_file() const;

  /// How much of the store is readable.
  struct Health {
    std::size_t credentials = 0;          ///< readable ones
    std::size_t damaged_credentials = 0;  ///< that fail their authentication
    std::size_t missing_credentials = 0;  ///< that were there and are not
    std::size_t damaged_counters = 0;     ///< whose credentials cannot sign any more
    std::size_t missing_counters = 0;
    std::vector<RecordKind> damaged_records;
    std::size_t counters = 0;  ///< readable ones
    std::size_t records = 0;   ///< readable ones
    std::vector<Damage> damages;
    std::string file_damage;  ///< what SQLite's own check says of the file; empty where it is sound
    [[nodiscard]] bool sound() const;
  };
  /// Reads everything; takes about a second for 100,000 credentials.
  [[nodiscard]] StoreResult<Health> check();
  /// Takes what is left for all that there was: nothing is missing any more, and a store whose own record
  /// (RecordKind::revision) is damaged works again. For a person who has seen what `check` says, and knows
  /// that it may be the PIN that is missing. What is damaged stays so.
  [[nodiscard]] StoreResult<void> repair();

 private:
  class Implementation;
  explicit SqliteStore(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace fauxkey
