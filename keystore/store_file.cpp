#include "keystore/store_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <string>

#include "keystore/files.h"
#include "keystore/migration.h"
#include "keystore/record.h"
#include "keystore/unlock_secret.h"

namespace fauxkey::keystore {
namespace {

namespace fs = std::filesystem;
using Kind = StoreError::Kind;

struct Object {
  const char* name;
  const char* sql;
};
using Schema = std::span<const Object>;

// By name. The rows' tags and sealed blobs are sealing.h's; `place` is random.
constexpr std::array kSchema{
    Object{
        "counters",
        "CREATE TABLE counters(tag BLOB PRIMARY KEY NOT NULL, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID"},
    Object{"credentials",
           "CREATE TABLE credentials(place INTEGER PRIMARY KEY, id_tag BLOB UNIQUE NOT NULL, "
           "user_tag BLOB UNIQUE NOT NULL, rp_tag BLOB UNIQUE NOT NULL, sealed BLOB NOT NULL) STRICT"},
    Object{"records",
           "CREATE TABLE records(tag BLOB PRIMARY KEY NOT NULL, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID"},
    Object{"unlock",
           "CREATE TABLE unlock(id INTEGER PRIMARY KEY CHECK(id = 1), wrapped BLOB NOT NULL) STRICT"},
};
constexpr std::array kSchemaOfFormat1{
    Object{"counters",
           "CREATE TABLE counters(id_tag BLOB PRIMARY KEY NOT NULL, sealed BLOB NOT NULL) STRICT, WITHOUT "
           "ROWID"},
    Object{"credentials",
           "CREATE TABLE credentials(seq INTEGER PRIMARY KEY, id_tag BLOB UNIQUE NOT NULL, "
           "user_tag BLOB UNIQUE NOT NULL, rp_tag BLOB NOT NULL, sealed BLOB NOT NULL) STRICT"},
    Object{"credentials_by_rp", "CREATE INDEX credentials_by_rp ON credentials(rp_tag)"},
    Object{"records", "CREATE TABLE records(kind INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT"},
    kSchema[3],
};

Schema schema_of(std::int64_t format) { return format == 1 ? Schema{kSchemaOfFormat1} : Schema{kSchema}; }

StoreError foreign(const fs::path& path) {
  return {Kind::damaged,
          quoted(path) +
              " is no fauxkey keystore and was left as it is: name another file with --store, or put "
              "back a backup if it once was one."};
}

StoreError newer(const fs::path& path, std::int64_t version) {
  return {Kind::io, "The keystore " + quoted(path) + " has format " + std::to_string(version) +
                        ", which a newer fauxkey made; this one knows format " +
                        std::to_string(kFormatVersion) + ": install the newer one."};
}

StoreResult<void> check_version(const fs::path& path, std::int64_t version) {
  if (version > kFormatVersion) return std::unexpected{newer(path, version)};
  if (version < 1) return std::unexpected{foreign(path)};
  return {};
}

StoreResult<void> use_write_ahead_log(Database& database) {
  // A commit is one write and one sync of the log; rollback journals take three syncs.
  const auto mode = database.query_text("PRAGMA journal_mode=WAL");
  if (!mode) return std::unexpected{mode.error()};
  if (*mode != "wal") return std::unexpected{database.error()};
  return {};
}

/// Makes the keystore under another name and gives it its own when it is complete.
StoreResult<void> create(const fs::path& path, const UnlockSecret& secret, const Opening& opening,
                         Random& random) {
  const Draft draft{path, random};
  if (auto file = draft.create(); !file) return std::unexpected{file.error()};
  {
    auto opened = Database::open(draft.path());
    if (!opened) return std::unexpected{opened.error()};
    Database& database = **opened;
    database.allow_checkpoint_on_close();
    const std::string numbers = "PRAGMA application_id=" + std::to_string(kApplicationId) +
                                ";PRAGMA user_version=" + std::to_string(kFormatVersion);
    if (auto set = database.execute(numbers.c_str()); !set) return set;
    if (auto mode = use_write_ahead_log(database); !mode) return mode;
    Transaction transaction{database};
    if (auto begun = transaction.begin(); !begun) return begun;
    for (const Object& object : kSchema) {
      if (auto made = database.execute(object.sql); !made) return made;
    }
    const auto master = random.secret<MasterKey::size()>();
    const auto wrapped = protect_by(secret, master, {}, opening, random);
    if (!wrapped) return std::unexpected{wrapped.error()};
    auto insert = database.prepare("INSERT INTO unlock(id, wrapped) VALUES(1, ?1)");
    if (!insert) return std::unexpected{insert.error()};
    insert->bind(1, *wrapped);
    if (auto inserted = insert->run(); !inserted) return inserted;
    insert->reset();
    if (auto written = write_tally(database, Keys{master}, {}, random); !written) return written;
    if (auto committed = transaction.commit(); !committed) return committed;
    // All into the one file, so that nothing but that has to get its name. (Closing does it too, but says
    // nothing of errors.)
    if (auto moved = database.execute("PRAGMA wal_checkpoint(TRUNCATE)"); !moved) return moved;
  }
  return draft.publish();
}

/// Whether the tables are exactly ours: a forged file may not bring others, or other rules.
StoreResult<void> check_schema(const Database& database, Schema schema) {
  auto statement = database.prepare(
      "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_autoindex_%' ORDER BY name");
  if (!statement) return std::unexpected{statement.error()};
  std::size_t matched = 0;
  for (;;) {
    const auto row = statement->step();
    if (!row) return std::unexpected{row.error()};
    if (!*row) break;
    const bool same = matched < schema.size() && statement->text(0) == schema[matched].name &&
                      statement->text(1) == schema[matched].sql;
    if (!same) return std::unexpected{damaged_file(database.path(), "its tables are not a keystore's")};
    ++matched;
  }
  if (matched != schema.size()) return std::unexpected{damaged_file(database.path(), "a table is missing")};
  return {};
}

}  // namespace

StoreResult<bool> inspect(const fs::path& path) {
  const File file = File::open(path, O_RDWR);
  if (!file.valid()) {
    if (errno == ENOENT) return false;
    if (errno == EISDIR) return std::unexpected{foreign(path)};
    return std::unexpected{system_error(errno, path, "open the keystore")};
  }
  struct stat status{};
  if (::fstat(file.descriptor(), &status) != 0 || !S_ISREG(status.st_mode))
    return std::unexpected{foreign(path)};

  // https://www.sqlite.org/fileformat.html, 1.3: the magic, user_version at 60, application_id at 68.
  constexpr std::array<std::uint8_t, 16> kSqliteMagic{'S', 'Q', 'L', 'i', 't', 'e', ' ', 'f',
                                                      'o', 'r', 'm', 'a', 't', ' ', '3', 0};
  std::array<std::uint8_t, 100> header{};
  const ssize_t size = file.read(header);
  if (size < 0) return std::unexpected{system_error(errno, path, "read the keystore")};
  const auto big_endian = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8U | header.at(at + i);
    return value;
  };
  if (static_cast<std::size_t>(size) < header.size() ||
      !std::equal(kSqliteMagic.begin(), kSqliteMagic.end(), header.begin()) ||
      big_endian(68) != kApplicationId) {
    return std::unexpected{foreign(path)};
  }
  if (auto known = check_version(path, big_endian(60)); !known) return std::unexpected{known.error()};
  return true;
}

StoreResult<void> refuse_leftovers(const fs::path& path) {
  for (const char* suffix : {"-wal", "-journal"}) {
    fs::path leftover = path;
    leftover += suffix;
    struct stat status{};
    if (::lstat(leftover.c_str(), &status) == 0) {
      return std::unexpected{StoreError{
          Kind::damaged, "There is no keystore " + quoted(path) + " but what belongs to one, " +
                             quoted(leftover) +
                             ": put the keystore back beside it, or move it away to start a new one."}};
    }
  }
  return {};
}

StoreResult<void> check_store(const Database& database) {
  const auto version = database.query_integer("PRAGMA user_version");
  if (!version) return std::unexpected{version.error()};
  if (auto known = check_version(database.path(), *version); !known) return known;
  if (*version != kFormatVersion)
    return std::unexpected{damaged_file(database.path(), "its format is another")};
  return check_schema(database, kSchema);
}

StoreResult<std::unique_ptr<Database>> reopen(const fs::path& path) {
  auto database = Database::open(path);
  if (!database) return database;
  if (auto ours = check_store(**database); !ours) return std::unexpected{ours.error()};
  (*database)->allow_checkpoint_on_close();
  if (auto mode = use_write_ahead_log(**database); !mode) return std::unexpected{mode.error()};
  return database;
}

StoreResult<Bytes> read_unlock_record(const Database& database) {
  auto statement = database.prepare("SELECT wrapped FROM unlock");
  if (!statement) return std::unexpected{statement.error()};
  const auto row = statement->step();
  if (!row) return std::unexpected{row.error()};
  const ByteView wrapped = *row ? statement->blob(0) : ByteView{};
  return Bytes{wrapped.begin(), wrapped.end()};
}

StoreResult<void> write_unlock_record(Database& database, ByteView wrapped) {
  auto update = database.prepare("UPDATE unlock SET wrapped = ?1");
  if (!update) return std::unexpected{update.error()};
  update->bind(1, wrapped);
  return update->run();
}

StoreResult<OpenedFile> open_store_file(const fs::path& given, const UnlockSource& source, Random& random,
                                        const Clock& clock, const Opening& opening) {
  if (sodium_init() < 0)
    return std::unexpected{StoreError{Kind::io, "libsodium does not start: check /dev/urandom."}};
  std::error_code ignored;
  fs::path path = fs::absolute(given, ignored);
  if (path.empty() || !path.has_filename()) {
    return std::unexpected{StoreError{Kind::io, "The keystore needs a file name: name one with --store."}};
  }
  if (auto made = make_folder(path.parent_path()); !made) return std::unexpected{made.error()};
  // Through symbolic links, so that two names of one file share its lock.
  if (fs::path resolved = fs::weakly_canonical(path, ignored); !resolved.empty()) path = std::move(resolved);

  auto lock = Lock::take(path);
  if (!lock) return std::unexpected{lock.error()};
  const auto present = inspect(path);
  if (!present) return std::unexpected{present.error()};

  std::optional<UnlockSecret> secret;
  if (!*present) {
    if (auto clean = refuse_leftovers(path); !clean) return std::unexpected{clean.error()};
    auto read = read_unlock_secret(source, Occasion::create, random, path.string());
    if (!read) return std::unexpected{read.error()};
    secret = *std::move(read);
    if (auto created = create(path, *secret, opening, random); !created) {
      return std::unexpected{created.error()};
    }
    lock->remember({});  // those of another keystore, which had the name before
    // It is opened like any other below, which proves once that the secret opens it.
  }

  auto database = Database::open(path);
  if (!database) return std::unexpected{database.error()};
  // The write-ahead log may hold another version than the header that `inspect` saw.
  const auto version = (*database)->query_integer("PRAGMA user_version");
  if (!version) return std::unexpected{version.error()};
  if (auto known = check_version(path, *version); !known) return std::unexpected{known.error()};
  if (auto ours = check_schema(**database, schema_of(*version)); !ours) return std::unexpected{ours.error()};
  const auto wrapped = read_unlock_record(**database);
  if (!wrapped) return std::unexpected{wrapped.error()};
  auto unlocked = unlock(path, *wrapped, source, std::move(secret), *lock, random, clock);
  if (!unlocked) return std::unexpected{unlocked.error()};
  Keys keys{unlocked->master};
  // Format 1 had none.
  auto generation = check_generation(*version == 1 ? Generation{} : read_generation(**database, keys), path,
                                     keys, source, unlocked->secret, opening);
  if (!generation) return std::unexpected{generation.error()};
  // Only now may anything be written.
  if (auto renewed = (*database)->renew_log(); !renewed) return std::unexpected{renewed.error()};
  (*database)->allow_checkpoint_on_close();
  if (auto mode = use_write_ahead_log(**database); !mode) return std::unexpected{mode.error()};
  OpenFile file{*std::move(lock), *std::move(database), std::move(keys)};
  if (*version == 1) {
    auto kept = migrate_from_1(*file.database, file.keys,
                               std::array{kSchema[0].sql, kSchema[1].sql, kSchema[2].sql}, random);
    if (!kept) return std::unexpected{kept.error()};
    file.kept = *std::move(kept);
  }
  // A disk that is full or read-only keeps nobody from logging in, and the generation as it is.
  if (auto begun =
          begin_generation(*file.database, file.keys, *generation, source, unlocked->secret, random)) {
    generation = begun;
  } else if (opening.accept_older) {
    return std::unexpected{begun.error()};
  }
  return OpenedFile{std::move(file), *std::move(unlocked), *generation};
}

}  // namespace fauxkey::keystore
