// The table of discoverable credentials: sealed rows that are found again by their tags.
//
// The credentials of one relying party have slots, 0 to one less than there are: the tag of each is a keyed
// hash of relying party and slot, so whoever asks for one after the other finds them all, and whoever looks
// at the rows does not see which belong together. Where one is taken out, the last moves into its slot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "keystore/record.h"
#include "keystore/sealing.h"
#include "keystore/sqlite.h"

namespace fauxkey::keystore {

/// What row a credential is sealed in.
struct CredentialTags {
  std::int64_t place = 0;  ///< the row's key: random, so that it tells nothing
  Tag id{};
  Tag user{};
  Tag rp{};
  [[nodiscard]] Bytes associated_data() const;
};

/// All must outlive it.
class CredentialTable {
 public:
  CredentialTable(const Database& database, const Keys& keys, Random& random);
  [[nodiscard]] StoreResult<void> prepare();

  // To be called within a transaction, which is taken back where they fail.
  /// By how many rows there are more than before: 1, 0 or -1.
  [[nodiscard]] StoreResult<int> put(const Credential& credential, std::uint64_t sequence);
  [[nodiscard]] StoreResult<bool> update(const Credential& credential);
  [[nodiscard]] StoreResult<bool> erase(ByteView credential_id);
  /// What cannot be read keeps a row that nobody can read, so that it is not forgotten that there was one.
  [[nodiscard]] StoreResult<void> put_damaged(const Tag& id_tag, const Tag& user_tag, ByteView sealed);

  // As CredentialStore's.
  [[nodiscard]] StoreResult<std::optional<Credential>> find(ByteView credential_id);
  [[nodiscard]] StoreResult<std::vector<Credential>> find_by_rp(const RpIdHash& rp_id_hash);
  [[nodiscard]] StoreResult<CredentialStore::Page> page(std::uint64_t cursor, std::size_t limit);
  [[nodiscard]] StoreResult<CredentialStore::Page> page_by_rp(const RpIdHash& rp_id_hash,
                                                              std::uint64_t cursor, std::size_t limit);
  [[nodiscard]] StoreResult<CredentialStore::Page> page_relying_parties(std::uint64_t cursor,
                                                                        std::size_t limit);
  [[nodiscard]] StoreResult<std::size_t> count_relying_parties();

  /// Counts the rows, readable or not.
  [[nodiscard]] StoreResult<std::size_t> count();
  struct Health {
    std::size_t readable = 0;
    std::size_t damaged = 0;
    std::vector<Tag> damaged_rp_tags;  ///< theirs, as far as they have the size of one
  };
  [[nodiscard]] StoreResult<Health> check();

 private:
  struct Row {
    CredentialTags tags;
    std::optional<StoredCredential> stored;  ///< nothing where it is damaged
  };

  [[nodiscard]] Bytes seal(const CredentialTags& tags, const Credential& credential,
                           const Standing& standing);
  [[nodiscard]] std::optional<Unsealed> unseal(const Statement& row) const;
  [[nodiscard]] Row read(const Statement& row) const;
  /// The row that `select` finds by one tag.
  [[nodiscard]] StoreResult<std::optional<Row>> row_of(Statement& select, const Tag& tag);
  [[nodiscard]] StoreResult<bool> has_slot(const RpIdHash& rp_id_hash, std::uint32_t slot);
  /// The first slot behind all that are taken.
  [[nodiscard]] StoreResult<std::uint32_t> end_of_slots(const RpIdHash& rp_id_hash);
  /// The slot that a row of this relying party has, or would get where that cannot be told.
  [[nodiscard]] StoreResult<std::uint32_t> slot_of(const Row& row, const RpIdHash& rp_id_hash);
  [[nodiscard]] StoreResult<void> remove(const Row& row);
  [[nodiscard]] StoreResult<void> remove_row(std::int64_t place);
  [[nodiscard]] StoreResult<void> move_to_slot(Row row, const RpIdHash& rp_id_hash, std::uint32_t slot);
  [[nodiscard]] StoreResult<std::int64_t> free_place();
  [[nodiscard]] StoreResult<void> insert(const CredentialTags& tags, ByteView sealed);
  [[nodiscard]] StoreResult<void> rewrite(const CredentialTags& tags, ByteView sealed);
  /// Whether no readable credential of the relying party has a lower slot.
  [[nodiscard]] StoreResult<bool> is_first(const Standing& standing);
  [[nodiscard]] StoreError damaged_credential() const;

  const Database& database_;
  const Keys& keys_;
  Random& random_;
  struct Statements {
    Statement by_id, by_user, by_rp, has_rp, has_place, from_place, insert, rewrite, retag, remove, count;
  };
  Statements sql_;
};

}  // namespace fauxkey::keystore
