#include "keystore/sqlite_store.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "keystore/counter_table.h"
#include "keystore/credential_table.h"
#include "keystore/damage.h"
#include "keystore/limits.h"
#include "keystore/record.h"
#include "keystore/snapshots.h"
#include "keystore/store_file.h"

namespace fauxkey {

using keystore::Database;
using keystore::Statement;
using keystore::Table;
using keystore::Tag;
using keystore::Tally;
using keystore::Transaction;
using keystore::Use;

class SqliteStore::Implementation {
 public:
  Implementation(keystore::OpenFile file, Random& random, const Clock& clock)
      : file_{std::move(file)},
        random_{random},
        clock_{clock},
        credentials_{database(), file_.keys, random},
        counters_{database(), file_.keys, random, clock} {}
  ~Implementation();
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  [[nodiscard]] StoreResult<void> prepare();
  [[nodiscard]] keystore::CredentialTable& credentials() { return credentials_; }
  [[nodiscard]] const std::optional<std::filesystem::path>& kept_file() const { return file_.kept; }

  [[nodiscard]] StoreResult<void> put_all(std::span<const Credential> credentials);
  [[nodiscard]] StoreResult<bool> update(const Credential& credential);
  [[nodiscard]] StoreResult<bool> erase(ByteView credential_id);
  [[nodiscard]] StoreResult<std::size_t> count_relying_parties();
  /// The store's own record. An error where it cannot be read: whoever took out the PIN's record and this one
  /// would else have a key without a PIN.
  [[nodiscard]] StoreResult<Tally> tally();
  [[nodiscard]] StoreResult<std::uint32_t> next_sign_count(ByteView credential_id);
  [[nodiscard]] StoreResult<SignCounter> sign_counter(ByteView credential_id) {
    return counters_.look(credential_id);
  }
  [[nodiscard]] StoreResult<void> raise_sign_count(ByteView credential_id, std::uint32_t at_least);
  [[nodiscard]] StoreResult<void> write_counters();
  [[nodiscard]] StoreResult<std::optional<SecretBytes>> load(RecordKind kind);
  [[nodiscard]] StoreResult<void> save(RecordKind kind, ByteView value);
  [[nodiscard]] StoreResult<void> reset();
  [[nodiscard]] StoreResult<Health> check();
  [[nodiscard]] StoreResult<void> repair();

  [[nodiscard]] StoreResult<void> save_snapshot(std::string_view name);
  [[nodiscard]] StoreResult<void> fork_snapshot(std::string_view name, const std::filesystem::path& to) {
    return keystore::fork_snapshot(file_, name, to, random_);
  }
  [[nodiscard]] StoreResult<keystore::Sizes> compact() { return keystore::compact(database()); }

  /// What the store is made of, for another one; this one is good for nothing then.
  struct Parts {
    keystore::SnapshotSource snapshot_source;  ///< before the file, so that it is closed after it
    keystore::OpenFile file;
    Random& random;
    const Clock& clock;
  };
  [[nodiscard]] Parts release() { return {std::move(snapshot_source_), std::move(file_), random_, clock_}; }

  std::mutex mutex;

 private:
  /// Runs `body` in a transaction with the tally that it may change. Where it gives false, nothing is
  /// written.
  template <class Body>
  [[nodiscard]] StoreResult<bool> change(const Body& body);
  [[nodiscard]] StoreResult<Tally> count_anew();

  struct Record {
    bool present = false;
    std::optional<SecretBytes> value;  ///< nothing where it is damaged
  };
  [[nodiscard]] StoreResult<Record> read_record(RecordKind kind);
  [[nodiscard]] StoreResult<void> write_record(RecordKind kind, ByteView value);
  [[nodiscard]] StoreResult<void> erase_records();
  [[nodiscard]] StoreError damaged_record() const;
  [[nodiscard]] StoreError damaged_tally() const;
  [[nodiscard]] Database& database() { return *file_.database; }

  keystore::SnapshotSource snapshot_source_;  ///< before file_, so that it is closed after it
  keystore::OpenFile file_;
  Random& random_;
  const Clock& clock_;
  // After file_, so that their statements go before the database does.
  keystore::CredentialTable credentials_;
  keystore::CounterTable counters_;
  struct Statements {
    Statement find_record, write_record, records, erase_record;
  };
  Statements sql_;
  // Nobody else writes, so these hold until this process changes something.
  std::optional<Tally> tally_;
  struct RelyingParties {
    std::uint64_t revision = 0;
    std::size_t count = 0;
  };
  std::optional<RelyingParties> relying_parties_;
};

namespace {

/// Bits of a tally's `records`.
constexpr unsigned kKinds = 64;

Bytes record_data(RecordKind kind) {
  const auto number = static_cast<std::uint8_t>(kind);
  return keystore::associated_data(Table::records, {{&number, 1}});
}

std::uint64_t after(std::uint64_t count, int more) {
  return more < 0 && count == 0 ? 0 : count + static_cast<std::uint64_t>(std::int64_t{more});
}

}  // namespace

SqliteStore::Implementation::~Implementation() {
  // Where this fails the counters skip ahead, and no more.
  static_cast<void>(write_counters());
}

StoreResult<void> SqliteStore::Implementation::prepare() {
  if (auto prepared = credentials_.prepare(); !prepared) return prepared;
  if (auto prepared = counters_.prepare(); !prepared) return prepared;
  keystore::Preparation make{database()};
  sql_ = {
      .find_record = make("SELECT sealed FROM records WHERE tag = ?1"),
      .write_record = make("INSERT OR REPLACE INTO records(tag, sealed) VALUES(?1, ?2)"),
      .records = make("SELECT tag FROM records"),
      .erase_record = make("DELETE FROM records WHERE tag = ?1"),
  };
  if (make.error()) return std::unexpected{*make.error()};
  return {};
}

StoreError SqliteStore::Implementation::damaged_record() const {
  return {StoreError::Kind::damaged,
          "A record of the key's own state in the keystore '" + file_.database->path().string() +
              "' is damaged: put back a backup of the keystore, or reset the key."};
}

StoreError SqliteStore::Implementation::damaged_tally() const {
  return {StoreError::Kind::damaged, "The record of what the keystore '" + file_.database->path().string() +
                                         "' holds is damaged, so that nobody can tell what is missing: put "
                                         "back a backup of the keystore, or "
                                         "take what is left with fauxkey keystore check --repair."};
}

template <class Body>
StoreResult<bool> SqliteStore::Implementation::change(const Body& body) {
  const auto before = tally();
  if (!before) return std::unexpected{before.error()};
  Tally tally = *before;
  Transaction transaction{database()};
  if (auto begun = transaction.begin(); !begun) return std::unexpected{begun.error()};
  StoreResult<bool> changed = body(tally);
  if (!changed || !*changed) return changed;
  if (tally != *before) {
    tally.add(RecordKind::revision);
    if (auto written = write_record(RecordKind::revision, keystore::encode_tally(tally)); !written)
      return std::unexpected{written.error()};
  }
  if (auto committed = transaction.commit(); !committed) return std::unexpected{committed.error()};
  tally_ = tally;
  return true;
}

StoreResult<Tally> SqliteStore::Implementation::tally() {
  if (tally_) return *tally_;
  const auto record = read_record(RecordKind::revision);
  if (!record) return std::unexpected{record.error()};
  if (record->value) tally_ = keystore::decode_tally(*record->value);
  if (!tally_) return std::unexpected{damaged_tally()};
  return *tally_;
}

StoreResult<Tally> SqliteStore::Implementation::count_anew() {
  Tally tally;
  const auto credentials = credentials_.count();
  if (!credentials) return std::unexpected{credentials.error()};
  const auto counters = counters_.count();
  if (!counters) return std::unexpected{counters.error()};
  tally.credentials = *credentials;
  tally.counters = *counters;
  for (unsigned kind = 0; kind < kKinds; ++kind) {
    const auto record = read_record(static_cast<RecordKind>(kind));
    if (!record) return std::unexpected{record.error()};
    if (record->present) tally.add(static_cast<RecordKind>(kind));
  }
  // Higher than any that counted up, and not one that was there before.
  for (const auto byte : random_.bytes<8>()) tally.revision = tally.revision << 8 | byte;
  tally.revision = tally.revision >> 2 | std::uint64_t{1} << 62U;
  return tally;
}

StoreResult<void> SqliteStore::Implementation::put_all(std::span<const Credential> credentials) {
  const auto done = change([&](Tally& tally) -> StoreResult<bool> {
    for (const Credential& credential : credentials) {
      const auto more = credentials_.put(credential, ++tally.revision);
      if (!more) return std::unexpected{more.error()};
      tally.credentials = after(tally.credentials, *more);
    }
    return true;
  });
  if (!done) return std::unexpected{done.error()};
  return {};
}

StoreResult<bool> SqliteStore::Implementation::update(const Credential& credential) {
  return change([&](Tally& tally) {
    ++tally.revision;
    return credentials_.update(credential);
  });
}

StoreResult<bool> SqliteStore::Implementation::erase(ByteView credential_id) {
  return change([&](Tally& tally) {
    ++tally.revision;
    tally.credentials = after(tally.credentials, -1);
    return credentials_.erase(credential_id);
  });
}

StoreResult<std::size_t> SqliteStore::Implementation::count_relying_parties() {
  const auto now = tally();
  if (!now) return std::unexpected{now.error()};
  if (!relying_parties_ || relying_parties_->revision != now->revision) {
    const auto counted = credentials_.count_relying_parties();
    if (!counted) return counted;
    relying_parties_ = {now->revision, *counted};
  }
  return relying_parties_->count;
}

StoreResult<std::uint32_t> SqliteStore::Implementation::next_sign_count(ByteView credential_id) {
  if (const auto leased = counters_.next_leased(credential_id)) return *leased;
  std::uint32_t count = 0;
  const auto done = change([&](Tally& tally) -> StoreResult<bool> {
    const auto taken = counters_.take_lease(credential_id);
    if (!taken) return std::unexpected{taken.error()};
    if (taken->is_new) ++tally.counters;
    count = taken->count;
    return true;
  });
  if (!done) {
    counters_.taken_back();
    return std::unexpected{done.error()};
  }
  counters_.committed();
  return count;
}

StoreResult<void> SqliteStore::Implementation::raise_sign_count(ByteView credential_id,
                                                                std::uint32_t at_least) {
  const auto done = change([&](Tally& tally) -> StoreResult<bool> {
    const auto is_new = counters_.raise(credential_id, at_least);
    if (!is_new) return std::unexpected{is_new.error()};
    if (*is_new) ++tally.counters;
    return true;
  });
  if (!done) {
    counters_.taken_back();
    return std::unexpected{done.error()};
  }
  counters_.committed();
  return {};
}

StoreResult<void> SqliteStore::Implementation::write_counters() {
  if (!counters_.leased()) return {};
  Transaction transaction{database()};
  auto written = transaction.begin();
  if (written) written = counters_.write_back();
  if (written) written = transaction.commit();
  // Also where it failed: see CounterTable::taken_back.
  counters_.forget();
  return written;
}

StoreResult<SqliteStore::Implementation::Record> SqliteStore::Implementation::read_record(RecordKind kind) {
  const Tag tag = file_.keys.record_tag(kind);
  Use select{sql_.find_record};
  select->bind(1, tag);
  const auto row = select->step();
  if (!row) return std::unexpected{row.error()};
  Record out;
  out.present = *row;
  if (!*row) return out;
  const auto record = keystore::unseal(file_.keys.record(kind), record_data(kind), select->blob(0));
  if (record && keystore::is_state(record->map)) out.value = SecretBytes::copy_of(record->secret);
  return out;
}

StoreResult<void> SqliteStore::Implementation::write_record(RecordKind kind, ByteView value) {
  const Tag tag = file_.keys.record_tag(kind);
  const Bytes sealed =
      keystore::seal(file_.keys.record(kind), record_data(kind), keystore::encode_state(), value, random_);
  Use write{sql_.write_record};
  write->bind(1, tag);
  write->bind(2, sealed);
  return write->run();
}

StoreResult<std::optional<SecretBytes>> SqliteStore::Implementation::load(RecordKind kind) {
  const auto known = tally();
  if (!known) return std::unexpected{known.error()};
  auto record = read_record(kind);
  if (!record) return std::unexpected{record.error()};
  // What the store does not know of was put there by somebody else.
  if (!known->has(kind)) return std::nullopt;
  if (!record->value) return std::unexpected{damaged_record()};
  return std::move(record->value);
}

StoreResult<void> SqliteStore::Implementation::save(RecordKind kind, ByteView value) {
  if (value.size() > keystore::kMaxRecord) return std::unexpected{keystore::record_too_large()};
  const auto known = tally();
  if (!known) return std::unexpected{known.error()};
  const auto done = change([&](Tally& tally) -> StoreResult<bool> {
    tally.add(kind);
    if (auto written = write_record(kind, value); !written) return std::unexpected{written.error()};
    return true;
  });
  if (!done) return std::unexpected{done.error()};
  return {};
}

StoreResult<void> SqliteStore::Implementation::erase_records() {
  std::vector<Tag> kept;
  for (unsigned kind = 0; kind < kKinds; ++kind) {
    const auto number = static_cast<RecordKind>(kind);
    if (keystore::survives_reset(number)) kept.push_back(file_.keys.record_tag(number));
  }
  std::vector<Bytes> erased;
  {
    Use select{sql_.records};
    for (;;) {
      const auto row = select->step();
      if (!row) return std::unexpected{row.error()};
      if (!*row) break;
      const ByteView tag = select->blob(0);
      const bool stays =
          std::ranges::any_of(kept, [&](const Tag& one) { return std::ranges::equal(one, tag); });
      if (!stays) erased.emplace_back(tag.begin(), tag.end());
    }
  }
  for (const Bytes& tag : erased) {
    Use erase{sql_.erase_record};
    erase->bind(1, tag);
    if (auto done = erase->run(); !done) return done;
  }
  return {};
}

StoreResult<void> SqliteStore::Implementation::reset() {
  const auto done = change([&](Tally& tally) -> StoreResult<bool> {
    for (const char* sql : {"DELETE FROM credentials", "DELETE FROM counters"}) {
      if (auto erased = database().execute(sql); !erased) return std::unexpected{erased.error()};
    }
    if (auto erased = erase_records(); !erased) return std::unexpected{erased.error()};
    ++tally.revision;
    tally.credentials = 0;
    tally.counters = 0;
    std::uint64_t left = 0;
    for (unsigned kind = 0; kind < kKinds; ++kind) {
      const auto number = static_cast<RecordKind>(kind);
      if (keystore::survives_reset(number)) left |= Tally::bit(number);
    }
    tally.records &= left;
    return true;
  });
  if (!done) return std::unexpected{done.error()};
  counters_.forget();
  // Out of the log as well. The reset is done even where this fails: a later checkpoint does it then.
  static_cast<void>(database().execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  return {};
}

StoreResult<void> SqliteStore::Implementation::save_snapshot(std::string_view name) {
  // So that the snapshot's counters go on where they are.
  if (auto written = write_counters(); !written) return written;
  return keystore::save_snapshot(file_, snapshot_source_, name, random_);
}

StoreResult<SqliteStore::Health> SqliteStore::Implementation::check() {
  Health health;
  const auto sound = database().query_text("PRAGMA integrity_check(1)");
  if (!sound) return std::unexpected{sound.error()};
  if (*sound != "ok") health.file_damage = *sound;

  auto known = tally();
  if (!known && known.error().kind == StoreError::Kind::damaged) known = count_anew();
  if (!known) return std::unexpected{known.error()};
  const auto missing = [](std::uint64_t wanted, std::size_t found) {
    return wanted > found ? static_cast<std::size_t>(wanted) - found : 0;
  };
  // A page of the file that cannot be read takes no other table with it.
  const auto unless_damaged = [&](const auto& result) -> StoreResult<void> {
    if (result) return {};
    if (result.error().kind != StoreError::Kind::damaged) return std::unexpected{result.error()};
    if (health.file_damage.empty()) health.file_damage = "a page of it cannot be read";
    return {};
  };
  keystore::DamagedTags damaged;
  const auto credentials = credentials_.check();
  if (auto go_on = unless_damaged(credentials); !go_on) return std::unexpected{go_on.error()};
  if (credentials) {
    health.credentials = credentials->readable;
    health.damaged_credentials = credentials->damaged;
    health.missing_credentials = missing(known->credentials, credentials->readable + credentials->damaged);
    damaged.rp_tags = credentials->damaged_rp_tags;
  }
  const auto counters = counters_.check();
  if (auto go_on = unless_damaged(counters); !go_on) return std::unexpected{go_on.error()};
  if (counters) {
    health.counters = counters->readable;
    health.damaged_counters = counters->damaged;
    health.missing_counters = missing(known->counters, counters->readable + counters->damaged);
    damaged.counter_tags = counters->damaged_tags;
  }
  health.damages = keystore::name_damages(damaged, credentials_, file_.keys);
  for (unsigned number = 0; number < kKinds; ++number) {
    const auto kind = static_cast<RecordKind>(number);
    const auto record = read_record(kind);
    if (auto go_on = unless_damaged(record); !go_on) return std::unexpected{go_on.error()};
    if (record && record->value) ++health.records;
    const bool expected = !record || record->present || known->has(kind) || kind == RecordKind::revision;
    if (expected && !(record && record->value)) {
      health.damaged_records.push_back(kind);
      health.damages.push_back({.what = Damage::What::record, .kind = kind});
    }
  }
  return health;
}

StoreResult<void> SqliteStore::Implementation::repair() {
  auto left = count_anew();
  if (!left) return std::unexpected{left.error()};
  // Never a revision that was there.
  if (const auto before = tally()) left->revision = before->revision + 1;
  left->add(RecordKind::revision);
  tally_.reset();
  if (auto written = write_record(RecordKind::revision, keystore::encode_tally(*left)); !written)
    return written;
  tally_ = *left;
  return {};
}

bool SqliteStore::Health::sound() const {
  return damaged_credentials == 0 && missing_credentials == 0 && damaged_counters == 0 &&
         missing_counters == 0 && damaged_records.empty() && file_damage.empty();
}

SqliteStore::SqliteStore(std::unique_ptr<Implementation> implementation)
    : implementation_{std::move(implementation)} {}
SqliteStore::~SqliteStore() = default;

std::expected<std::unique_ptr<SqliteStore>, StoreError> SqliteStore::open(const std::filesystem::path& path,
                                                                          const UnlockSource& unlock,
                                                                          Random& random, Clock& clock,
                                                                          const Opening& opening) {
  auto opened = keystore::open_store_file(path, unlock, random, clock, opening);
  if (!opened) return std::unexpected{opened.error()};
  auto implementation = std::make_unique<Implementation>(std::move(opened->file), random, clock);
  if (auto prepared = implementation->prepare(); !prepared) return std::unexpected{prepared.error()};
  return std::unique_ptr<SqliteStore>{new SqliteStore{std::move(implementation)}};
}

StoreResult<void> SqliteStore::put_all(std::span<const Credential> credentials) {
  if (!std::ranges::all_of(credentials, keystore::fits)) {
    return std::unexpected{keystore::record_too_large()};
  }
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->put_all(credentials);
}
StoreResult<bool> SqliteStore::update(const Credential& credential) {
  if (!keystore::fits(credential)) return std::unexpected{keystore::record_too_large()};
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->update(credential);
}
StoreResult<std::optional<Credential>> SqliteStore::find(ByteView credential_id) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->credentials().find(credential_id);
}
StoreResult<std::vector<Credential>> SqliteStore::find_by_rp(const RpIdHash& rp_id_hash) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->credentials().find_by_rp(rp_id_hash);
}
StoreResult<bool> SqliteStore::erase(ByteView credential_id) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->erase(credential_id);
}
StoreResult<std::size_t> SqliteStore::count() {
  const std::scoped_lock lock{implementation_->mutex};
  const auto tally = implementation_->tally();
  if (!tally) return std::unexpected{tally.error()};
  return static_cast<std::size_t>(tally->credentials);
}
StoreResult<CredentialStore::Page> SqliteStore::page(std::uint64_t cursor, std::size_t limit) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->credentials().page(cursor, keystore::page_size(limit));
}
StoreResult<CredentialStore::Page> SqliteStore::page_by_rp(const RpIdHash& rp_id_hash, std::uint64_t cursor,
                                                           std::size_t limit) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->credentials().page_by_rp(rp_id_hash, cursor, keystore::page_size(limit));
}
StoreResult<CredentialStore::Page> SqliteStore::page_relying_parties(std::uint64_t cursor,
                                                                     std::size_t limit) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->credentials().page_relying_parties(cursor, keystore::page_size(limit));
}
StoreResult<std::size_t> SqliteStore::count_relying_parties() {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->count_relying_parties();
}
StoreResult<std::uint64_t> SqliteStore::revision() {
  const std::scoped_lock lock{implementation_->mutex};
  const auto tally = implementation_->tally();
  if (!tally) return std::unexpected{tally.error()};
  return tally->revision;
}
StoreResult<std::uint32_t> SqliteStore::next_sign_count(ByteView credential_id) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->next_sign_count(credential_id);
}
StoreResult<SignCounter> SqliteStore::sign_counter(ByteView credential_id) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->sign_counter(credential_id);
}
StoreResult<void> SqliteStore::raise_sign_count(ByteView credential_id, std::uint32_t at_least) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->raise_sign_count(credential_id, at_least);
}
StoreResult<std::optional<SecretBytes>> SqliteStore::load(RecordKind kind) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->load(kind);
}
StoreResult<void> SqliteStore::save(RecordKind kind, ByteView value) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->save(kind, value);
}
StoreResult<void> SqliteStore::reset() {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->reset();
}
StoreResult<void> SqliteStore::write_counters() {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->write_counters();
}
const std::optional<std::filesystem::path>& SqliteStore::kept_file() const {
  return implementation_->kept_file();
}
StoreResult<void> SqliteStore::repair() {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->repair();
}
StoreResult<SqliteStore::Health> SqliteStore::check() {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->check();
}

StoreResult<void> SqliteStore::save_snapshot(std::string_view name) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->save_snapshot(name);
}
StoreResult<void> SqliteStore::restore_snapshot(std::string_view name) {
  // The counters go back, too, but not what has been written of them until now if this fails.
  if (auto written = write_counters(); !written) return written;
  auto parts = implementation_->release();
  implementation_.reset();
  auto restored = keystore::restore_snapshot(parts.file, parts.snapshot_source, name, parts.random);
  if (!parts.file.database) throw std::runtime_error{restored.error().message};
  implementation_ = std::make_unique<Implementation>(std::move(parts.file), parts.random, parts.clock);
  if (auto prepared = implementation_->prepare(); !prepared) {
    throw std::runtime_error{prepared.error().message};
  }
  return restored;
}
StoreResult<void> SqliteStore::fork_snapshot(std::string_view name, const std::filesystem::path& to) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->fork_snapshot(name, to);
}
StoreResult<keystore::Sizes> SqliteStore::compact() {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->compact();
}

}  // namespace fauxkey
