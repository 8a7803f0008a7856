#include "keystore/migration.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "fauxkey/clock.h"
#include "keystore/counter_table.h"
#include "keystore/credential_table.h"
#include "keystore/files.h"
#include "keystore/record.h"

namespace fauxkey::keystore {
namespace {

// Format 1: credentials had their order of creation in plain and the tag of their relying party in common,
// counters the tag of their credential, records the number of their kind.
constexpr std::uint32_t kFormat1 = 1;

StoreResult<void> insert_record(const Database& database, const Keys& keys, RecordKind kind,
                                ByteView sealed) {
  auto insert = database.prepare("INSERT OR REPLACE INTO records(tag, sealed) VALUES(?1, ?2)");
  if (!insert) return std::unexpected{insert.error()};
  const Tag tag = keys.record_tag(kind);
  insert->bind(1, tag);
  insert->bind(2, sealed);
  return insert->run();
}

class MigrationFrom1 {
 public:
  MigrationFrom1(Database& database, const Keys& keys, Random& random)
      : database_{database},
        keys_{keys},
        random_{random},
        credentials_{database, keys, random},
        counters_{database, keys, random, clock_} {}

  [[nodiscard]] StoreResult<void> run(std::span<const char* const> new_tables);
  [[nodiscard]] bool found_damage() const { return found_damage_; }

 private:
  /// Calls `visit` with each row; it gives StoreResult<void>.
  template <class Visit>
  [[nodiscard]] StoreResult<void> each(const char* sql, const Visit& visit) const;
  [[nodiscard]] StoreResult<void> move_credential(const Statement& row);
  [[nodiscard]] StoreResult<void> move_counter(const Statement& row);
  [[nodiscard]] StoreResult<void> move_record(const Statement& row);
  [[nodiscard]] StoreResult<void> write_record(RecordKind kind, ByteView sealed) {
    return insert_record(database_, keys_, kind, sealed);
  }

  Database& database_;
  const Keys& keys_;
  Random& random_;
  SystemClock clock_;
  CredentialTable credentials_;
  CounterTable counters_;
  Tally tally_;
  bool found_damage_ = false;
};

template <class Visit>
StoreResult<void> MigrationFrom1::each(const char* sql, const Visit& visit) const {
  auto statement = database_.prepare(sql);
  if (!statement) return std::unexpected{statement.error()};
  for (;;) {
    const auto row = statement->step();
    if (!row) return std::unexpected{row.error()};
    if (!*row) return {};
    if (auto visited = visit(*statement); !visited) return visited;
  }
}

StoreResult<void> MigrationFrom1::run(std::span<const char* const> new_tables) {
  for (const char* sql :
       {"DROP INDEX credentials_by_rp", "ALTER TABLE credentials RENAME TO old_credentials",
        "ALTER TABLE counters RENAME TO old_counters", "ALTER TABLE records RENAME TO old_records"}) {
    if (auto done = database_.execute(sql); !done) return done;
  }
  for (const char* sql : new_tables) {
    if (auto made = database_.execute(sql); !made) return made;
  }
  if (auto ready = credentials_.prepare(); !ready) return ready;
  if (auto ready = counters_.prepare(); !ready) return ready;

  // In the order of the tags, which says nothing, lest the old order show in the new rows' places in the
  // file.
  auto moved = each("SELECT seq, id_tag, user_tag, rp_tag, sealed FROM old_credentials ORDER BY id_tag",
                    [&](const Statement& row) { return move_credential(row); });
  if (moved) {
    moved = each("SELECT id_tag, sealed FROM old_counters ORDER BY id_tag",
                 [&](const Statement& row) { return move_counter(row); });
  }
  if (moved) {
    moved = each("SELECT kind, sealed FROM old_records ORDER BY kind",
                 [&](const Statement& row) { return move_record(row); });
  }
  ++tally_.revision;
  if (moved) moved = write_tally(database_, keys_, tally_, random_);
  if (!moved) return moved;
  for (const char* sql :
       {"DROP TABLE old_credentials", "DROP TABLE old_counters", "DROP TABLE old_records"}) {
    if (auto dropped = database_.execute(sql); !dropped) return dropped;
  }
  return {};
}

StoreResult<void> MigrationFrom1::move_credential(const Statement& row) {
  const auto id = tag_of(row.blob(1));
  const auto user = tag_of(row.blob(2));
  const auto rp = tag_of(row.blob(3));
  const ByteView sealed = row.blob(4);
  std::optional<Credential> credential;
  if (id && user && rp) {
    const auto record =
        unseal(keys_.credentials(), associated_data(Table::credentials, {*id, *user, *rp}, kFormat1), sealed);
    if (record) credential = decode_credential(record->map, record->secret);
  }
  const auto sequence = static_cast<std::uint64_t>(std::max<std::int64_t>(row.integer(0), 0));
  tally_.revision = std::max(tally_.revision, sequence);
  if (credential) {
    const auto more = credentials_.put(*credential, sequence);
    if (!more) return std::unexpected{more.error()};
    tally_.credentials += *more > 0 ? 1U : 0U;
    return {};
  }
  found_damage_ = true;
  ++tally_.credentials;
  return credentials_.put_damaged(id.value_or(random_.bytes<sizeof(Tag)>()),
                                  user.value_or(random_.bytes<sizeof(Tag)>()), sealed);
}

StoreResult<void> MigrationFrom1::move_counter(const Statement& row) {
  const auto id = tag_of(row.blob(0));
  const ByteView sealed = row.blob(1);
  std::optional<SignCounter> counter;
  if (id) {
    const auto record = unseal(keys_.counters(), associated_data(Table::counters, {*id}, kFormat1), sealed);
    if (record) counter = decode_counter(record->map);
  }
  ++tally_.counters;
  if (counter) return counters_.put(keys_.counter_tag(*id), *counter);
  found_damage_ = true;
  return counters_.put_damaged(id ? keys_.counter_tag(*id) : random_.bytes<sizeof(Tag)>(), sealed);
}

StoreResult<void> MigrationFrom1::move_record(const Statement& row) {
  const std::int64_t number = row.integer(0);
  const ByteView sealed = row.blob(1);
  if (number < 0 || number > 63) {  // none of ours
    found_damage_ = true;
    return {};
  }
  const auto kind = static_cast<RecordKind>(number);
  const auto byte = static_cast<std::uint8_t>(kind);
  const auto data = [&](std::uint32_t format) {
    return associated_data(Table::records, {{&byte, 1}}, format);
  };
  const auto record = unseal(keys_.record(kind), data(kFormat1), sealed);
  const bool readable = record && is_state(record->map);
  if (!readable) found_damage_ = true;
  if (kind == RecordKind::revision) {
    std::uint64_t revision = 0;
    if (readable) {
      for (const auto digit : record->secret) revision = revision << 8 | digit;
    }
    tally_.revision = std::max(tally_.revision, revision);
    return {};
  }
  tally_.add(kind);
  if (!readable) return write_record(kind, sealed);
  return write_record(kind,
                      seal(keys_.record(kind), data(kFormatVersion), record->map, record->secret, random_));
}

/// A name that nothing has yet.
std::filesystem::path name_beside(const std::filesystem::path& path) {
  std::filesystem::path name = path;
  name += ".format-1";
  for (int number = 2; ::access(name.c_str(), F_OK) == 0; ++number) {
    name = path;
    name += ".format-1." + std::to_string(number);
  }
  return name;
}

/// Copies the database's main file, which a transaction under way has not touched, under a durable name.
StoreResult<std::filesystem::path> keep(const Database& database, Random& random) {
  auto path = name_beside(database.path());
  const Draft draft{path, random};
  const auto file = draft.create();
  if (!file) return std::unexpected{file.error()};
  Bytes block(std::size_t{1} << 16U);
  std::uint64_t at = 0;
  for (;;) {
    const auto size = database.read_file(at, block);
    if (!size) return std::unexpected{size.error()};
    if (*size == 0) break;
    if (!file->write(ByteView{block}.first(*size)))
      return std::unexpected{system_error(errno, path, "write")};
    at += *size;
  }
  if (::fsync(file->descriptor()) != 0) return std::unexpected{system_error(errno, path, "write")};
  if (auto published = draft.publish(); !published) return std::unexpected{published.error()};
  return path;
}

}  // namespace

StoreResult<void> write_tally(const Database& database, const Keys& keys, Tally tally, Random& random) {
  tally.add(RecordKind::revision);
  const auto byte = static_cast<std::uint8_t>(RecordKind::revision);
  return insert_record(database, keys, RecordKind::revision,
                       seal(keys.record(RecordKind::revision), associated_data(Table::records, {{&byte, 1}}),
                            encode_state(), encode_tally(tally), random));
}

StoreResult<std::optional<std::filesystem::path>> migrate_from_1(Database& database, const Keys& keys,
                                                                 std::span<const char* const> new_tables,
                                                                 Random& random) {
  // All that the log has goes into the file, so that the file is the store.
  const auto busy = database.query_integer("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!busy) return std::unexpected{busy.error()};
  if (*busy != 0) return std::unexpected{database.error()};

  std::optional<std::filesystem::path> kept;
  {
    Transaction transaction{database};
    if (auto begun = transaction.begin(); !begun) return std::unexpected{begun.error()};
    MigrationFrom1 migration{database, keys, random};
    if (auto done = migration.run(new_tables); !done) return std::unexpected{done.error()};
    const std::string version = "PRAGMA user_version=" + std::to_string(kFormatVersion);
    if (auto set = database.execute(version.c_str()); !set) return std::unexpected{set.error()};
    if (migration.found_damage()) {
      auto copied = keep(database, random);
      if (!copied) return std::unexpected{copied.error()};
      kept = *std::move(copied);
    }
    if (auto committed = transaction.commit(); !committed) return std::unexpected{committed.error()};
  }
  // It is done even where this fails: a later checkpoint does it then.
  static_cast<void>(database.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  return kept;
}

}  // namespace fauxkey::keystore
