#include "keystore/sqlite_store.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include "keystore/limits.h"
#include "keystore/record.h"
#include "keystore/store_file.h"

namespace fauxkey {

using keystore::Database;
using keystore::Statement;
using keystore::Table;
using keystore::Tag;
using keystore::Transaction;
using keystore::Use;

class SqliteStore::Implementation {
 public:
  Implementation(keystore::OpenFile file, Random& random, const Clock& clock)
      : file_{std::move(file)}, random_{random}, clock_{clock} {}

  [[nodiscard]] StoreResult<void> prepare();
  [[nodiscard]] StoreResult<void> put_all(std::span<const Credential> credentials);
  [[nodiscard]] StoreResult<bool> update(const Credential& credential);
  [[nodiscard]] StoreResult<std::optional<Credential>> find(ByteView credential_id);
  [[nodiscard]] StoreResult<std::vector<Credential>> find_by_rp(const RpIdHash& rp_id_hash);
  [[nodiscard]] StoreResult<bool> erase(ByteView credential_id);
  [[nodiscard]] StoreResult<std::size_t> count();
  [[nodiscard]] StoreResult<Page> page(std::uint64_t cursor, std::size_t limit);
  [[nodiscard]] StoreResult<std::uint64_t> revision();
  [[nodiscard]] StoreResult<std::uint32_t> next_sign_count(ByteView credential_id);
  [[nodiscard]] StoreResult<SignCounter> sign_counter(ByteView credential_id);
  [[nodiscard]] StoreResult<void> raise_sign_count(ByteView credential_id, std::uint32_t at_least);
  [[nodiscard]] StoreResult<std::optional<SecretBytes>> load(RecordKind kind);
  [[nodiscard]] StoreResult<void> save(RecordKind kind, ByteView value);
  [[nodiscard]] StoreResult<void> reset();
  [[nodiscard]] StoreResult<Health> check();

  std::mutex mutex;

 private:
  /// A row of credentials as the statements below select it, from `column` on: id_tag, user_tag, rp_tag,
  /// sealed.
  [[nodiscard]] std::optional<Credential> open_credential(const Statement& row, int column) const;
  [[nodiscard]] Bytes seal_credential(const Credential& credential);
  /// Within a transaction: how many credentials made room.
  [[nodiscard]] StoreResult<std::size_t> put_one(const Credential& credential);
  [[nodiscard]] std::optional<SignCounter> open_counter(ByteView id_tag, ByteView sealed) const;
  [[nodiscard]] StoreResult<SignCounter> read_counter(const Tag& id_tag);
  [[nodiscard]] StoreResult<void> write_counter(const Tag& id_tag, const SignCounter& counter);
  [[nodiscard]] std::optional<SecretBytes> open_record(RecordKind kind, ByteView sealed) const;
  /// Within a transaction: the store is about to be another one.
  [[nodiscard]] StoreResult<void> write_next_revision();
  [[nodiscard]] StoreError damaged(const char* what, const char* otherwise) const;
  [[nodiscard]] StoreError damaged_credential() const {
    return damaged("A credential", "register with that site again");
  }
  [[nodiscard]] Database& database() { return *file_.database; }

  keystore::OpenFile file_;
  Random& random_;
  const Clock& clock_;
  std::optional<std::size_t> count_;  ///< nobody else writes, so it is counted once

  // Prepared once. After file_, so that they go before the database does.
  struct Statements {
    Statement delete_replaced, insert_credential, update_credential, find_credential, find_by_rp,
        erase_credential, count_credentials, page_credentials, find_counter, write_counter, find_record,
        write_record;
  };
  std::optional<Statements> sql_;
};

namespace {
Bytes credential_data(ByteView id_tag, ByteView user_tag, ByteView rp_tag) {
  return keystore::associated_data(Table::credentials, {id_tag, user_tag, rp_tag});
}
Bytes counter_data(ByteView id_tag) { return keystore::associated_data(Table::counters, {id_tag}); }
Bytes record_data(RecordKind kind) {
  const auto number = static_cast<std::uint8_t>(kind);
  return keystore::associated_data(Table::records, {{&number, 1}});
}
}  // namespace

StoreResult<void> SqliteStore::Implementation::prepare() {
  std::optional<StoreError> error;
  const auto make = [&](const char* sql) -> Statement {
    auto statement = database().prepare(sql);
    if (statement) return *std::move(statement);
    error = statement.error();
    return Statement{};
  };
  // Elements of a braced list are evaluated in order.
  Statements statements{
      .delete_replaced = make("DELETE FROM credentials WHERE id_tag = ?1 OR user_tag = ?2"),
      .insert_credential =
          make("INSERT INTO credentials(id_tag, user_tag, rp_tag, sealed) VALUES(?1, ?2, ?3, ?4)"),
      .update_credential = make("UPDATE credentials SET sealed = ?3 WHERE id_tag = ?1 AND user_tag = ?2"),
      .find_credential = make("SELECT id_tag, user_tag, rp_tag, sealed FROM credentials WHERE id_tag = ?1"),
      .find_by_rp = make(
          "SELECT id_tag, user_tag, rp_tag, sealed FROM credentials WHERE rp_tag = ?1 ORDER BY seq DESC"),
      .erase_credential = make("DELETE FROM credentials WHERE id_tag = ?1"),
      .count_credentials = make("SELECT count(*) FROM credentials"),
      .page_credentials =
          make("SELECT seq, id_tag, user_tag, rp_tag, sealed FROM credentials WHERE seq >= ?1 ORDER BY seq"),
      .find_counter = make("SELECT sealed FROM counters WHERE id_tag = ?1"),
      .write_counter = make("INSERT OR REPLACE INTO counters(id_tag, sealed) VALUES(?1, ?2)"),
      .find_record = make("SELECT sealed FROM records WHERE kind = ?1"),
      .write_record = make("INSERT OR REPLACE INTO records(kind, sealed) VALUES(?1, ?2)"),
  };
  if (error) return std::unexpected{*error};
  sql_ = std::move(statements);
  return {};
}

StoreError SqliteStore::Implementation::damaged(const char* what, const char* otherwise) const {
  return {StoreError::Kind::damaged,
          std::string{what} + " in the keystore '" + file_.database->path().string() +
              "' is damaged: put back a backup of the keystore, or " + otherwise + "."};
}

std::optional<Credential> SqliteStore::Implementation::open_credential(const Statement& row,
                                                                       int column) const {
  const ByteView id_tag = row.blob(column);
  const ByteView user_tag = row.blob(column + 1);
  const ByteView rp_tag = row.blob(column + 2);
  if (id_tag.size() != sizeof(Tag) || user_tag.size() != sizeof(Tag) || rp_tag.size() != sizeof(Tag)) {
    return std::nullopt;
  }
  const auto record = keystore::unseal(file_.keys.credentials(), credential_data(id_tag, user_tag, rp_tag),
                                       row.blob(column + 3));
  if (!record) return std::nullopt;
  return keystore::decode_credential(record->map, record->secret);
}

Bytes SqliteStore::Implementation::seal_credential(const Credential& credential) {
  const auto& keys = file_.keys;
  const auto encoded = keystore::encode_credential(credential);
  return keystore::seal(
      keys.credentials(),
      credential_data(keys.id_tag(credential.id),
                      keys.user_tag(credential.rp_id_hash, keystore::account_key(credential)),
                      keys.rp_tag(credential.rp_id_hash)),
      encoded.map, encoded.secret, random_);
}

StoreResult<void> SqliteStore::Implementation::put_all(std::span<const Credential> credentials) {
  const auto before = count();
  if (!before) return std::unexpected{before.error()};
  std::size_t now = *before;
  Transaction transaction{database()};
  if (auto begun = transaction.begin(); !begun) return begun;
  for (const Credential& credential : credentials) {
    const auto replaced = put_one(credential);
    if (!replaced) return std::unexpected{replaced.error()};
    now = now + 1 - std::min(*replaced, now);
  }
  if (auto committed = transaction.commit(); !committed) return committed;
  count_ = now;
  return {};
}

StoreResult<std::size_t> SqliteStore::Implementation::put_one(const Credential& credential) {
  const Tag id_tag = file_.keys.id_tag(credential.id);
  const Tag user_tag = file_.keys.user_tag(credential.rp_id_hash, keystore::account_key(credential));
  const Tag rp_tag = file_.keys.rp_tag(credential.rp_id_hash);
  const Bytes sealed = seal_credential(credential);
  std::size_t replaced = 0;
  {
    Use remove{sql_->delete_replaced};
    remove->bind(1, id_tag);
    remove->bind(2, user_tag);
    if (auto removed = remove->run(); !removed) return std::unexpected{removed.error()};
    replaced = static_cast<std::size_t>(database().changes());
  }
  {
    Use insert{sql_->insert_credential};
    insert->bind(1, id_tag);
    insert->bind(2, user_tag);
    insert->bind(3, rp_tag);
    insert->bind(4, sealed);
    if (auto inserted = insert->run(); !inserted) return std::unexpected{inserted.error()};
  }
  if (auto written = write_next_revision(); !written) return std::unexpected{written.error()};
  return replaced;
}

StoreResult<bool> SqliteStore::Implementation::update(const Credential& credential) {
  const Tag id_tag = file_.keys.id_tag(credential.id);
  const Tag user_tag = file_.keys.user_tag(credential.rp_id_hash, keystore::account_key(credential));
  const Bytes sealed = seal_credential(credential);
  Transaction transaction{database()};
  if (auto begun = transaction.begin(); !begun) return std::unexpected{begun.error()};
  {
    Use write{sql_->update_credential};
    write->bind(1, id_tag);
    write->bind(2, user_tag);
    write->bind(3, sealed);
    if (auto written = write->run(); !written) return std::unexpected{written.error()};
  }
  if (database().changes() == 0) return false;
  if (auto written = write_next_revision(); !written) return std::unexpected{written.error()};
  if (auto committed = transaction.commit(); !committed) return std::unexpected{committed.error()};
  return true;
}

StoreResult<std::optional<Credential>> SqliteStore::Implementation::find(ByteView credential_id) {
  const Tag id_tag = file_.keys.id_tag(credential_id);
  Use select{sql_->find_credential};
  select->bind(1, id_tag);
  const auto row = select->step();
  if (!row) return std::unexpected{row.error()};
  if (!*row) return std::nullopt;
  auto credential = open_credential(*select, 0);
  if (!credential) return std::unexpected{damaged_credential()};
  return credential;
}

StoreResult<std::vector<Credential>> SqliteStore::Implementation::find_by_rp(const RpIdHash& rp_id_hash) {
  const Tag rp_tag = file_.keys.rp_tag(rp_id_hash);
  Use select{sql_->find_by_rp};
  select->bind(1, rp_tag);
  std::vector<Credential> found;
  bool any_damaged = false;
  for (;;) {
    const auto row = select->step();
    if (!row) return std::unexpected{row.error()};
    if (!*row) break;
    if (auto credential = open_credential(*select, 0)) {
      found.push_back(*std::move(credential));
    } else {
      any_damaged = true;
    }
  }
  if (found.empty() && any_damaged) return std::unexpected{damaged_credential()};
  return found;
}

StoreResult<bool> SqliteStore::Implementation::erase(ByteView credential_id) {
  const Tag id_tag = file_.keys.id_tag(credential_id);
  Transaction transaction{database()};
  if (auto begun = transaction.begin(); !begun) return std::unexpected{begun.error()};
  {
    Use remove{sql_->erase_credential};
    remove->bind(1, id_tag);
    if (auto removed = remove->run(); !removed) return std::unexpected{removed.error()};
  }
  if (database().changes() == 0) return false;
  if (auto written = write_next_revision(); !written) return std::unexpected{written.error()};
  if (auto committed = transaction.commit(); !committed) return std::unexpected{committed.error()};
  count_.reset();
  return true;
}

StoreResult<std::size_t> SqliteStore::Implementation::count() {
  if (!count_) {
    Use select{sql_->count_credentials};
    const auto row = select->step();
    if (!row) return std::unexpected{row.error()};
    count_ = *row ? static_cast<std::size_t>(select->integer(0)) : 0;
  }
  return *count_;
}

StoreResult<CredentialStore::Page> SqliteStore::Implementation::page(std::uint64_t cursor,
                                                                     std::size_t limit) {
  limit = std::clamp(limit, std::size_t{1}, keystore::kMaxPage);
  if (cursor > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return Page{};
  Use select{sql_->page_credentials};
  select->bind(1, static_cast<std::int64_t>(cursor));
  Page page;
  for (;;) {
    const auto row = select->step();
    if (!row) return std::unexpected{row.error()};
    if (!*row) return page;
    if (page.credentials.size() == limit) {
      page.next_cursor = static_cast<std::uint64_t>(select->integer(0));
      return page;
    }
    if (auto credential = open_credential(*select, 1)) {
      page.credentials.push_back(*std::move(credential));
    }
  }
}

StoreResult<std::uint64_t> SqliteStore::Implementation::revision() {
  const auto record = load(RecordKind::revision);
  if (!record) return std::unexpected{record.error()};
  return *record ? keystore::decode_revision(**record) : 0;
}

StoreResult<void> SqliteStore::Implementation::write_next_revision() {
  const auto current = revision();
  if (!current) return std::unexpected{current.error()};
  return save(RecordKind::revision, keystore::encode_revision(*current + 1));
}

std::optional<SignCounter> SqliteStore::Implementation::open_counter(ByteView id_tag, ByteView sealed) const {
  const auto record = keystore::unseal(file_.keys.counters(), counter_data(id_tag), sealed);
  return record ? keystore::decode_counter(record->map) : std::nullopt;
}

StoreResult<SignCounter> SqliteStore::Implementation::read_counter(const Tag& id_tag) {
  Use select{sql_->find_counter};
  select->bind(1, id_tag);
  const auto row = select->step();
  if (!row) return std::unexpected{row.error()};
  if (!*row) return SignCounter{};
  const auto stored = open_counter(id_tag, select->blob(0));
  // Never from the start again: a relying party would take the credential for a clone.
  if (!stored) return std::unexpected{damaged("A signature counter", "register with that site again")};
  return *stored;
}

StoreResult<void> SqliteStore::Implementation::write_counter(const Tag& id_tag, const SignCounter& counter) {
  const Bytes sealed = keystore::seal(file_.keys.counters(), counter_data(id_tag),
                                      keystore::encode_counter(counter), {}, random_);
  Use write{sql_->write_counter};
  write->bind(1, id_tag);
  write->bind(2, sealed);
  return write->run();
}

StoreResult<std::uint32_t> SqliteStore::Implementation::next_sign_count(ByteView credential_id) {
  const Tag id_tag = file_.keys.id_tag(credential_id);
  auto counter = read_counter(id_tag);
  if (!counter) return std::unexpected{counter.error()};
  if (counter->count == keystore::kMaxSignCount) return std::unexpected{keystore::counter_exhausted()};
  ++counter->count;
  counter->last_used = clock_.unix_time();
  if (auto written = write_counter(id_tag, *counter); !written) return std::unexpected{written.error()};
  return counter->count;
}

StoreResult<SignCounter> SqliteStore::Implementation::sign_counter(ByteView credential_id) {
  return read_counter(file_.keys.id_tag(credential_id));
}

StoreResult<void> SqliteStore::Implementation::raise_sign_count(ByteView credential_id,
                                                                std::uint32_t at_least) {
  const Tag id_tag = file_.keys.id_tag(credential_id);
  auto counter = read_counter(id_tag);
  if (!counter) return std::unexpected{counter.error()};
  if (counter->count >= at_least) return {};
  counter->count = at_least;
  return write_counter(id_tag, *counter);
}

std::optional<SecretBytes> SqliteStore::Implementation::open_record(RecordKind kind, ByteView sealed) const {
  const auto record = keystore::unseal(file_.keys.record(kind), record_data(kind), sealed);
  if (!record || !keystore::is_state(record->map)) return std::nullopt;
  return SecretBytes::copy_of(record->secret);
}

StoreResult<std::optional<SecretBytes>> SqliteStore::Implementation::load(RecordKind kind) {
  Use select{sql_->find_record};
  select->bind(1, static_cast<std::int64_t>(kind));
  const auto row = select->step();
  if (!row) return std::unexpected{row.error()};
  if (!*row) return std::nullopt;
  auto value = open_record(kind, select->blob(0));
  if (!value) return std::unexpected{damaged("A record of the key's own state", "reset the key")};
  return value;
}

StoreResult<void> SqliteStore::Implementation::save(RecordKind kind, ByteView value) {
  if (value.size() > keystore::kMaxRecord) return std::unexpected{keystore::record_too_large()};
  const Bytes sealed =
      keystore::seal(file_.keys.record(kind), record_data(kind), keystore::encode_state(), value, random_);
  Use write{sql_->write_record};
  write->bind(1, static_cast<std::int64_t>(kind));
  write->bind(2, sealed);
  return write->run();
}

StoreResult<void> SqliteStore::Implementation::reset() {
  Transaction transaction{database()};
  if (auto begun = transaction.begin(); !begun) return begun;
  // Those of survives_reset().
  static_assert(static_cast<int>(RecordKind::attestation) == 3 &&
                static_cast<int>(RecordKind::revision) == 9 &&
                static_cast<int>(RecordKind::enterprise) == 10);
  for (const char* sql : {"DELETE FROM credentials", "DELETE FROM counters",
                          "DELETE FROM records WHERE kind NOT IN (3, 9, 10)"}) {
    if (auto erased = database().execute(sql); !erased) return erased;
  }
  if (auto written = write_next_revision(); !written) return written;
  if (auto committed = transaction.commit(); !committed) return committed;
  count_ = 0;
  // Out of the log as well. The reset is done even where this fails: a later checkpoint does it then.
  static_cast<void>(database().execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  return {};
}

StoreResult<SqliteStore::Health> SqliteStore::Implementation::check() {
  Health health;
  const auto sound = database().query_text("PRAGMA integrity_check(1)");
  if (!sound) return std::unexpected{sound.error()};
  if (*sound != "ok") health.file_damage = *sound;

  const auto each = [&](const char* sql, const auto& visit) -> StoreResult<void> {
    auto statement = database().prepare(sql);
    if (!statement) return std::unexpected{statement.error()};
    for (;;) {
      const auto row = statement->step();
      if (!row) return std::unexpected{row.error()};
      if (!*row) return {};
      visit(*statement);
    }
  };
  auto read = each("SELECT id_tag, user_tag, rp_tag, sealed FROM credentials", [&](const Statement& row) {
    ++(open_credential(row, 0) ? health.credentials : health.damaged_credentials);
  });
  if (!read) return std::unexpected{read.error()};
  read = each("SELECT id_tag, sealed FROM counters", [&](const Statement& row) {
    if (!open_counter(row.blob(0), row.blob(1))) ++health.damaged_counters;
  });
  if (!read) return std::unexpected{read.error()};
  read = each("SELECT kind, sealed FROM records", [&](const Statement& row) {
    const auto kind = static_cast<RecordKind>(row.integer(0));
    if (!open_record(kind, row.blob(1))) health.damaged_records.push_back(kind);
  });
  if (!read) return std::unexpected{read.error()};
  return health;
}

bool SqliteStore::Health::sound() const {
  return damaged_credentials == 0 && damaged_counters == 0 && damaged_records.empty() && file_damage.empty();
}

SqliteStore::SqliteStore(std::unique_ptr<Implementation> implementation)
    : implementation_{std::move(implementation)} {}
SqliteStore::~SqliteStore() = default;

std::expected<std::unique_ptr<SqliteStore>, StoreError> SqliteStore::open(const std::filesystem::path& path,
                                                                          const UnlockSource& unlock,
                                                                          Random& random, Clock& clock) {
  auto file = keystore::open_store_file(path, unlock, random);
  if (!file) return std::unexpected{file.error()};
  auto implementation = std::make_unique<Implementation>(*std::move(file), random, clock);
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
  return implementation_->find(credential_id);
}
StoreResult<std::vector<Credential>> SqliteStore::find_by_rp(const RpIdHash& rp_id_hash) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->find_by_rp(rp_id_hash);
}
StoreResult<bool> SqliteStore::erase(ByteView credential_id) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->erase(credential_id);
}
StoreResult<std::size_t> SqliteStore::count() {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->count();
}
StoreResult<CredentialStore::Page> SqliteStore::page(std::uint64_t cursor, std::size_t limit) {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->page(cursor, limit);
}
StoreResult<std::uint64_t> SqliteStore::revision() {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->revision();
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
StoreResult<SqliteStore::Health> SqliteStore::check() {
  const std::scoped_lock lock{implementation_->mutex};
  return implementation_->check();
}

}  // namespace fauxkey
