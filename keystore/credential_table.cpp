#include "keystore/credential_table.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <string>
#include <utility>

#include "keystore/limits.h"

namespace fauxkey::keystore {
namespace {

/// So many slots in a row may be missing before the search for a relying party's credentials ends: a row that
/// cannot be found any more hides no other.
constexpr std::uint32_t kMissingSlots = 1;
constexpr std::uint32_t kMaxSlot = std::numeric_limits<std::uint32_t>::max() / 4;

}  // namespace

Bytes CredentialTags::associated_data() const {
  std::array<std::uint8_t, 8> number{};
  for (std::size_t i = 0; i < number.size(); ++i) {
    number.at(i) = static_cast<std::uint8_t>(static_cast<std::uint64_t>(place) >> (8 * i));
  }
  return keystore::associated_data(Table::credentials, {id, user, rp, number});
}

CredentialTable::CredentialTable(const Database& database, const Keys& keys, Random& random)
    : database_{database}, keys_{keys}, random_{random} {}

StoreResult<void> CredentialTable::prepare() {
  Preparation make{database_};
  // The columns that `read` knows.
  const std::string select = "SELECT place, id_tag, user_tag, rp_tag, sealed FROM credentials WHERE ";
  // Elements of a braced list are evaluated in order.
  sql_ = {
      .by_id = make(select + "id_tag = ?1"),
      .by_user = make(select + "user_tag = ?1"),
      .by_rp = make(select + "rp_tag = ?1"),
      .has_rp = make("SELECT 1 FROM credentials WHERE rp_tag = ?1"),
      .has_place = make("SELECT 1 FROM credentials WHERE place = ?1"),
      .from_place = make(select + "place >= ?1 ORDER BY place"),
      .insert =
          make("INSERT INTO credentials(place, id_tag, user_tag, rp_tag, sealed) VALUES(?1, ?2, ?3, ?4, ?5)"),
      .rewrite = make("UPDATE credentials SET rp_tag = ?2, sealed = ?3 WHERE place = ?1"),
      .retag = make("UPDATE credentials SET rp_tag = ?2 WHERE place = ?1"),
      .remove = make("DELETE FROM credentials WHERE place = ?1"),
      .count = make("SELECT count(*) FROM credentials"),
  };
  if (make.error()) return std::unexpected{*make.error()};
  return {};
}

StoreError CredentialTable::damaged_credential() const {
  return {StoreError::Kind::damaged, "A credential in the keystore '" + database_.path().string() +
                                         "' is damaged: put back a backup of the keystore, or register with "
                                         "that site again."};
}

Bytes CredentialTable::seal(const CredentialTags& tags, const Credential& credential,
                            const Standing& standing) {
  const auto encoded = encode_credential(credential, standing);
  return keystore::seal(keys_.credentials(), tags.associated_data(), encoded.map, encoded.secret, random_);
}

std::optional<Unsealed> CredentialTable::unseal(const Statement& row) const {
  const auto id = tag_of(row.blob(1));
  const auto user = tag_of(row.blob(2));
  const auto rp = tag_of(row.blob(3));
  if (!id || !user || !rp) return std::nullopt;
  const CredentialTags tags{row.integer(0), *id, *user, *rp};
  return keystore::unseal(keys_.credentials(), tags.associated_data(), row.blob(4));
}

CredentialTable::Row CredentialTable::read(const Statement& row) const {
  Row out;
  out.tags = {row.integer(0), tag_of(row.blob(1)).value_or(Tag{}), tag_of(row.blob(2)).value_or(Tag{}),
              tag_of(row.blob(3)).value_or(Tag{})};
  if (const auto record = unseal(row)) out.stored = decode_stored(record->map, record->secret);
  return out;
}

StoreResult<std::optional<CredentialTable::Row>> CredentialTable::row_of(Statement& select, const Tag& tag) {
  Use use{select};
  use->bind(1, tag);
  const auto row = use->step();
  if (!row) return std::unexpected{row.error()};
  if (!*row) return std::nullopt;
  return read(*use);
}

StoreResult<bool> CredentialTable::has_slot(const RpIdHash& rp_id_hash, std::uint32_t slot) {
  const Tag tag = keys_.rp_tag(rp_id_hash, slot);
  Use select{sql_.has_rp};
  select->bind(1, tag);
  return select->step();
}

StoreResult<std::uint32_t> CredentialTable::end_of_slots(const RpIdHash& rp_id_hash) {
  // Whether there is one at `slot` or close behind it.
  const auto goes_on = [&](std::uint32_t slot) -> StoreResult<bool> {
    for (std::uint32_t ahead = 0; ahead <= kMissingSlots; ++ahead) {
      const auto there = has_slot(rp_id_hash, slot + ahead);
      if (!there || *there) return there;
    }
    return false;
  };
  // Doubling, then halving: a relying party with n credentials takes some 2 log n looks.
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  for (;;) {
    const auto more = goes_on(outside);
    if (!more) return std::unexpected{more.error()};
    if (!*more) break;
    if (outside > kMaxSlot) return std::unexpected{damaged_credential()};
    inside = outside;
    outside = std::max(1U, 2 * outside);
  }
  while (outside - inside > 1) {
    const std::uint32_t middle = inside + (outside - inside) / 2;
    const auto more = goes_on(middle);
    if (!more) return std::unexpected{more.error()};
    (*more ? inside : outside) = middle;
  }
  return outside;
}

StoreResult<std::uint32_t> CredentialTable::slot_of(const Row& row, const RpIdHash& rp_id_hash) {
  if (row.stored) return row.stored->standing.slot;
  const auto end = end_of_slots(rp_id_hash);
  if (!end) return end;
  for (std::uint32_t slot = 0; slot < *end; ++slot) {
    if (keys_.rp_tag(rp_id_hash, slot) == row.tags.rp) return slot;
  }
  return end;
}

StoreResult<void> CredentialTable::remove_row(std::int64_t place) {
  Use remove{sql_.remove};
  remove->bind(1, place);
  return remove->run();
}

StoreResult<void> CredentialTable::remove(const Row& row) {
  // Nobody knows whose a damaged one was: its slot stays empty, and those who look for the others step over
  // it.
  if (!row.stored) return remove_row(row.tags.place);
  const Standing& standing = row.stored->standing;
  const auto end = end_of_slots(standing.rp_id_hash);
  if (!end) return std::unexpected{end.error()};
  if (auto removed = remove_row(row.tags.place); !removed) return removed;
  if (*end == 0 || *end - 1 == standing.slot) return {};
  auto last = row_of(sql_.by_rp, keys_.rp_tag(standing.rp_id_hash, *end - 1));
  if (!last) return std::unexpected{last.error()};
  if (!*last) return {};
  return move_to_slot(**std::move(last), standing.rp_id_hash, standing.slot);
}

StoreResult<void> CredentialTable::move_to_slot(Row row, const RpIdHash& rp_id_hash, std::uint32_t slot) {
  row.tags.rp = keys_.rp_tag(rp_id_hash, slot);
  if (row.stored) {
    row.stored->standing.slot = slot;
    return rewrite(row.tags, seal(row.tags, row.stored->credential, row.stored->standing));
  }
  // A damaged one cannot be sealed anew. With another tag it is as damaged as before.
  Use write{sql_.retag};
  write->bind(1, row.tags.place);
  write->bind(2, row.tags.rp);
  return write->run();
}

StoreResult<std::int64_t> CredentialTable::free_place() {
  for (;;) {
    std::uint64_t place = 0;
    for (const auto byte : random_.bytes<8>()) place = place << 8 | byte;
    place >>= 1;
    if (place == 0) continue;
    Use select{sql_.has_place};
    select->bind(1, static_cast<std::int64_t>(place));
    const auto taken = select->step();
    if (!taken) return std::unexpected{taken.error()};
    if (!*taken) return static_cast<std::int64_t>(place);
  }
}

StoreResult<void> CredentialTable::insert(const CredentialTags& tags, ByteView sealed) {
  Use insert{sql_.insert};
  insert->bind(1, tags.place);
  insert->bind(2, tags.id);
  insert->bind(3, tags.user);
  insert->bind(4, tags.rp);
  insert->bind(5, sealed);
  return insert->run();
}

StoreResult<void> CredentialTable::rewrite(const CredentialTags& tags, ByteView sealed) {
  Use write{sql_.rewrite};
  write->bind(1, tags.place);
  write->bind(2, tags.rp);
  write->bind(3, sealed);
  return write->run();
}

StoreResult<int> CredentialTable::put(const Credential& credential, std::uint64_t sequence) {
  CredentialTags tags;
  tags.id = keys_.id_tag(credential.id);
  tags.user = keys_.user_tag(credential.rp_id_hash, account_key(credential));
  int more = 1;
  const auto same_id = row_of(sql_.by_id, tags.id);
  if (!same_id) return std::unexpected{same_id.error()};
  if (*same_id && (*same_id)->tags.user != tags.user) {
    if (auto removed = remove(**same_id); !removed) return std::unexpected{removed.error()};
    --more;
  }
  const auto same_user = row_of(sql_.by_user, tags.user);
  if (!same_user) return std::unexpected{same_user.error()};
  // The new one takes the slot of the one that it replaces.
  const auto slot =
      *same_user ? slot_of(**same_user, credential.rp_id_hash) : end_of_slots(credential.rp_id_hash);
  if (!slot) return std::unexpected{slot.error()};
  if (*same_user) {
    if (auto removed = remove_row((*same_user)->tags.place); !removed)
      return std::unexpected{removed.error()};
    --more;
  }
  const auto place = free_place();
  if (!place) return std::unexpected{place.error()};
  tags.place = *place;
  tags.rp = keys_.rp_tag(credential.rp_id_hash, *slot);
  const Bytes sealed = seal(tags, credential, {sequence, *slot, credential.rp_id_hash});
  if (auto inserted = insert(tags, sealed); !inserted) return std::unexpected{inserted.error()};
  return more;
}

StoreResult<bool> CredentialTable::update(const Credential& credential) {
  const auto row = row_of(sql_.by_id, keys_.id_tag(credential.id));
  if (!row) return std::unexpected{row.error()};
  if (!*row || (*row)->tags.user != keys_.user_tag(credential.rp_id_hash, account_key(credential)))
    return false;
  const auto slot = slot_of(**row, credential.rp_id_hash);
  if (!slot) return std::unexpected{slot.error()};
  CredentialTags tags = (*row)->tags;
  tags.rp = keys_.rp_tag(credential.rp_id_hash, *slot);
  const std::uint64_t sequence = (*row)->stored ? (*row)->stored->standing.sequence : 0;
  if (auto written = rewrite(tags, seal(tags, credential, {sequence, *slot, credential.rp_id_hash}));
      !written)
    return std::unexpected{written.error()};
  return true;
}

StoreResult<bool> CredentialTable::erase(ByteView credential_id) {
  const auto row = row_of(sql_.by_id, keys_.id_tag(credential_id));
  if (!row) return std::unexpected{row.error()};
  if (!*row) return false;
  if (auto removed = remove(**row); !removed) return std::unexpected{removed.error()};
  return true;
}

StoreResult<void> CredentialTable::put_damaged(const Tag& id_tag, const Tag& user_tag, ByteView sealed) {
  const auto place = free_place();
  if (!place) return std::unexpected{place.error()};
  return insert({*place, id_tag, user_tag, random_.bytes<sizeof(Tag)>()}, sealed);
}

StoreResult<std::optional<Credential>> CredentialTable::find(ByteView credential_id) {
  auto row = row_of(sql_.by_id, keys_.id_tag(credential_id));
  if (!row) return std::unexpected{row.error()};
  if (!*row) return std::nullopt;
  if (!(*row)->stored) return std::unexpected{damaged_credential()};
  return std::move((*row)->stored->credential);
}

StoreResult<std::vector<Credential>> CredentialTable::find_by_rp(const RpIdHash& rp_id_hash) {
  std::vector<StoredCredential> found;
  bool any_damaged = false;
  std::uint32_t missing = 0;
  for (std::uint32_t slot = 0; missing <= kMissingSlots; ++slot) {
    auto row = row_of(sql_.by_rp, keys_.rp_tag(rp_id_hash, slot));
    if (!row) return std::unexpected{row.error()};
    missing = *row ? 0 : missing + 1;
    if (!*row) continue;
    if ((*row)->stored)
      found.push_back(*std::move((*row)->stored));
    else
      any_damaged = true;
  }
  if (found.empty() && any_damaged) return std::unexpected{damaged_credential()};
  // Of two without a sequence the slot decides: std::stable_sort is deprecated in itself, says clang.
  std::ranges::sort(found, std::greater{},
                    [](const auto& one) { return std::pair{one.standing.sequence, one.standing.slot}; });
  std::vector<Credential> credentials;
  credentials.reserve(found.size());
  for (auto& one : found) credentials.push_back(std::move(one.credential));
  return credentials;
}

StoreResult<CredentialStore::Page> CredentialTable::page(std::uint64_t cursor, std::size_t limit) {
  if (cursor > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return CredentialStore::Page{};
  Use select{sql_.from_place};
  select->bind(1, static_cast<std::int64_t>(cursor));
  CredentialStore::Page page;
  for (;;) {
    const auto row = select->step();
    if (!row) return std::unexpected{row.error()};
    if (!*row) return page;
    if (page.credentials.size() == limit) {
      page.next_cursor = static_cast<std::uint64_t>(select->integer(0));
      return page;
    }
    if (auto stored = read(*select).stored) page.credentials.push_back(std::move(stored->credential));
  }
}

StoreResult<CredentialStore::Page> CredentialTable::page_by_rp(const RpIdHash& rp_id_hash,
                                                               std::uint64_t cursor, std::size_t limit) {
  CredentialStore::Page page;
  std::uint32_t missing = 0;
  if (cursor > kMaxSlot) return page;
  for (auto slot = static_cast<std::uint32_t>(cursor); missing <= kMissingSlots; ++slot) {
    auto row = row_of(sql_.by_rp, keys_.rp_tag(rp_id_hash, slot));
    if (!row) return std::unexpected{row.error()};
    missing = *row ? 0 : missing + 1;
    if (!*row || !(*row)->stored) continue;
    if (page.credentials.size() == limit) {
      page.next_cursor = slot;
      return page;
    }
    page.credentials.push_back(std::move((*row)->stored->credential));
  }
  return page;
}

StoreResult<bool> CredentialTable::is_first(const Standing& standing) {
  for (std::uint32_t slot = 0; slot < standing.slot; ++slot) {
    const Tag tag = keys_.rp_tag(standing.rp_id_hash, slot);
    Use select{sql_.by_rp};
    select->bind(1, tag);
    const auto row = select->step();
    if (!row) return std::unexpected{row.error()};
    if (*row && unseal(*select)) return false;
  }
  return true;
}

StoreResult<CredentialStore::Page> CredentialTable::page_relying_parties(std::uint64_t cursor,
                                                                         std::size_t limit) {
  if (cursor > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return CredentialStore::Page{};
  Use select{sql_.from_place};
  select->bind(1, static_cast<std::int64_t>(cursor));
  CredentialStore::Page page;
  for (;;) {
    const auto row = select->step();
    if (!row) return std::unexpected{row.error()};
    if (!*row) return page;
    const auto record = unseal(*select);
    const auto standing = record ? decode_standing(record->map) : std::nullopt;
    if (!standing) continue;
    const auto first = is_first(*standing);
    if (!first) return std::unexpected{first.error()};
    if (!*first) continue;
    auto stored = decode_stored(record->map, record->secret);
    if (!stored) continue;
    if (page.credentials.size() == limit) {
      page.next_cursor = static_cast<std::uint64_t>(select->integer(0));
      return page;
    }
    page.credentials.push_back(std::move(stored->credential));
  }
}

StoreResult<std::size_t> CredentialTable::count_relying_parties() {
  Use select{sql_.from_place};
  select->bind(1, std::int64_t{0});
  std::size_t count = 0;
  for (;;) {
    const auto row = select->step();
    if (!row) return std::unexpected{row.error()};
    if (!*row) return count;
    const auto record = unseal(*select);
    const auto standing = record ? decode_standing(record->map) : std::nullopt;
    if (!standing) continue;
    const auto first = is_first(*standing);
    if (!first) return std::unexpected{first.error()};
    if (*first) ++count;
  }
}

StoreResult<std::size_t> CredentialTable::count() {
  Use select{sql_.count};
  const auto row = select->step();
  if (!row) return std::unexpected{row.error()};
  return *row ? static_cast<std::size_t>(select->integer(0)) : 0;
}

StoreResult<CredentialTable::Health> CredentialTable::check() {
  Health health;
  Use select{sql_.from_place};
  select->bind(1, std::numeric_limits<std::int64_t>::min());
  for (;;) {
    const auto row = select->step();
    if (!row) return std::unexpected{row.error()};
    if (!*row) return health;
    // What is authentic was written by this program, so its secrets need not be taken apart.
    const auto record = unseal(*select);
    const bool readable = record && decode_standing(record->map);
    ++(readable ? health.readable : health.damaged);
    if (!readable) health.damaged_rp_tags.push_back(tag_of(select->blob(3)).value_or(Tag{}));
  }
}

}  // namespace fauxkey::keystore
