// What SqliteStore promises beyond the contract: everything outlives the process, nobody reads or alters the
// file without the unlock secret, and whatever is wrong with it is said in one sentence and changes nothing.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <set>
#include <vector>

#include "keystore/sqlite.h"
#include "keystore_fixture.h"

namespace keystore_sqlite_test {

using namespace fauxkey;
using namespace fauxkey::test;
namespace fs = std::filesystem;

namespace {

using Kind = StoreError::Kind;

/// As an attacker or a broken disk would: SQL on the closed file.
struct RawFile {
  explicit RawFile(const fs::path& path) { REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK); }
  ~RawFile() { sqlite3_close(handle); }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;
  void run(const std::string& sql) {
    char* message = nullptr;
    const int result = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message);
    REQUIRE_MESSAGE(result == SQLITE_OK, std::string{message != nullptr ? message : ""});
  }
  sqlite3* handle = nullptr;
};

/// Opening fails so, and leaves the file's bytes alone.
StoreError refuses(DiskStore& disk, Kind kind) {
  const Bytes before = fs::is_regular_file(disk.path) ? read_file(disk.path) : Bytes{};
  const auto opened = disk.try_open();
  REQUIRE_FALSE(opened.has_value());
  check_sentence(opened.error());
  CHECK(opened.error().kind == kind);
  if (fs::is_regular_file(disk.path)) CHECK(read_file(disk.path) == before);
  return opened.error();
}

bool contains(const Bytes& haystack, ByteView needle) {
  return !haystack.empty() &&
         ::memmem(haystack.data(), haystack.size(), needle.data(), needle.size()) != nullptr;
}

/// Runs `body` in a process of its own; true where it returned true.
bool in_child(const std::function<bool()>& body) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("sqlite store: everything is there after it is opened again") {
  DiskStore disk;
  const auto a = disk.put("example.com", "alice");
  const auto b = disk.put("example.com", "bob");
  REQUIRE(*disk.store->next_sign_count(a.id) == 1);
  REQUIRE(*disk.store->next_sign_count(a.id) == 2);
  REQUIRE(disk.store->save(RecordKind::pin, Bytes{1, 2, 3}).has_value());
  disk.open();
  CHECK(same(**disk.store->find(a.id), a));
  const auto found = disk.store->find_by_rp(a.rp_id_hash);
  REQUIRE(found->size() == 2);
  CHECK(same(found->at(0), b));
  CHECK(same(found->at(1), a));
  CHECK(*disk.store->count() == 2);
  CHECK(*disk.store->next_sign_count(a.id) == 3);
  CHECK((*disk.store->load(RecordKind::pin))->size() == 3);
  CHECK(disk.store->check()->sound());
}

TEST_CASE("sqlite store: a closed store is one private file in a private folder") {
  DiskStore disk;
  disk.close();
  disk.path = disk.folder / "data/fauxkey/keystore.db";
  disk.open();
  disk.put("example.com", "alice");
  const fs::path wal = disk.path.string() + "-wal";
  REQUIRE(fs::exists(wal));
  const auto owner_only = fs::perms::owner_read | fs::perms::owner_write;
  CHECK(fs::status(wal).permissions() == owner_only);
  disk.close();
  CHECK(fs::status(disk.path).permissions() == owner_only);
  CHECK(fs::status(disk.path.parent_path()).permissions() == fs::perms::owner_all);
  CHECK(fs::status(disk.path.parent_path().parent_path()).permissions() == fs::perms::owner_all);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator{disk.path.parent_path()})
    names.push_back(entry.path().filename());
  std::ranges::sort(names);
  CHECK(names == std::vector<std::string>{"keystore.db", "keystore.db.lock"});
}

TEST_CASE(
    "sqlite store: nothing that names a site, a user or a credential, and no secret, stands in its files") {
  DiskStore disk;
  std::vector<Credential> credentials;
  for (int i = 0; i < 40; ++i) {
    credentials.push_back(disk.put("very-secret-site.example", "user-identifier-" + std::to_string(i)));
    REQUIRE(disk.store->next_sign_count(credentials.back().id).has_value());
  }
  const std::string record = "a pin hash that nobody may read";
  REQUIRE(disk.store->save(RecordKind::pin, view_of(record)).has_value());
  const Bytes key = read_file(disk.unlock.name);

  const auto look = [&](const char* when) {
    INFO(when);
    std::size_t size = 0;
    for (const auto& entry : fs::directory_iterator{disk.folder.path()}) {
      if (entry.path() == disk.unlock.name) continue;
      INFO(entry.path());
      const Bytes content = read_file(entry.path());
      size += content.size();
      CHECK_FALSE(contains(content, view_of("very-secret-site")));
      CHECK_FALSE(contains(content, view_of("user-identifier")));
      CHECK_FALSE(contains(content, view_of("Display name")));
      CHECK_FALSE(contains(content, view_of("The site")));
      CHECK_FALSE(contains(content, view_of(record)));
      CHECK_FALSE(contains(content, key));
      for (const Credential& credential : credentials) {
        // Half of each, so that no part of one is overlooked.
        for (const ByteView secret :
             {credential.private_key.view(), ByteView{credential.cred_random_with_uv.view()},
              ByteView{credential.cred_random_without_uv.view()}, ByteView{credential.id},
              ByteView{credential.rp_id_hash}}) {
          CHECK_FALSE(contains(content, secret.first(8)));
          CHECK_FALSE(contains(content, secret.last(8)));
        }
      }
    }
    CHECK(size > 40 * 500);
  };
  look("while it is open, with its log");
  disk.close();
  look("closed");
}

TEST_CASE("sqlite store: no row tells which others belong with it, or which was there before it") {
  DiskStore disk;
  std::vector<Credential> credentials;
  for (int i = 0; i < 40; ++i) {
    credentials.push_back(disk.put("example.com", "user" + std::to_string(i)));
    REQUIRE(disk.store->next_sign_count(credentials.back().id).has_value());
  }
  REQUIRE(disk.store->save(RecordKind::pin, Bytes{1}).has_value());
  disk.close();
  const auto keys = disk.keys();
  RawFile raw{disk.path};
  const auto column = [&](const std::string& sql) {
    std::vector<Bytes> values;
    sqlite3_stmt* statement = nullptr;
    REQUIRE(sqlite3_prepare_v2(raw.handle, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
      const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, 0));
      values.emplace_back(data, data + sqlite3_column_bytes(statement, 0));
    }
    sqlite3_finalize(statement);
    return values;
  };
  std::set<Bytes> tags;
  std::size_t count = 0;
  std::set<std::size_t> sizes;
  for (const char* sql :
       {"SELECT id_tag FROM credentials", "SELECT user_tag FROM credentials",
        "SELECT rp_tag FROM credentials", "SELECT tag FROM counters", "SELECT tag FROM records"}) {
    for (const Bytes& tag : column(sql)) {
      CHECK(tag.size() == 16);
      tags.insert(tag);
      ++count;
    }
  }
  CHECK(count == 40 * 4 + 3);
  CHECK(tags.size() == count);
  for (const Bytes& sealed : column("SELECT sealed FROM credentials")) sizes.insert(sealed.size());
  CHECK(sizes.size() == 1);

  // By place, the order of creation is any but that: of 39 neighbours some 20 come the other way round.
  const auto by_place = column("SELECT id_tag FROM credentials ORDER BY place");
  std::vector<std::size_t> made;
  for (const Bytes& tag : by_place) {
    for (std::size_t i = 0; i < credentials.size(); ++i) {
      if (std::ranges::equal(tag, keys.id_tag(credentials[i].id))) made.push_back(i);
    }
  }
  REQUIRE(made.size() == 40);
  int backwards = 0;
  for (std::size_t i = 1; i < made.size(); ++i) backwards += made[i] < made[i - 1] ? 1 : 0;
  CHECK(backwards > 5);
  CHECK(backwards < 35);
}

TEST_CASE("sqlite store: after a reset not even the ciphertext is left") {
  DiskStore disk;
  const auto credential = disk.put("example.com", "alice");
  REQUIRE(disk.store->next_sign_count(credential.id).has_value());
  disk.open();  // all in the main file
  const auto sealed = [&] {
    std::vector<Bytes> blobs;
    RawFile raw{disk.path};
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(raw.handle, "SELECT sealed FROM credentials UNION ALL SELECT sealed FROM counters", -1,
                       &statement, nullptr);
    while (sqlite3_step(statement) == SQLITE_ROW) {
      const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, 0));
      blobs.emplace_back(data, data + sqlite3_column_bytes(statement, 0));
    }
    sqlite3_finalize(statement);
    return blobs;
  };
  disk.close();
  const auto blobs = sealed();
  REQUIRE(blobs.size() == 2);
  for (const auto& blob : blobs) REQUIRE(contains(read_file(disk.path), blob));
  disk.open();
  REQUIRE(disk.store->reset().has_value());
  const auto gone = [&] {
    for (const auto& entry : fs::directory_iterator{disk.folder.path()}) {
      for (const auto& blob : blobs) CHECK_FALSE(contains(read_file(entry.path()), blob));
    }
  };
  gone();
  disk.close();
  gone();
}

TEST_CASE("sqlite store: another key file does not open it") {
  DiskStore disk;
  const auto credential = disk.put("example.com", "alice");
  disk.close();
  const auto right = disk.unlock;
  disk.unlock.name = disk.folder / "other.key";
  SUBCASE("one that is missing, and it is not made") {
    refuses(disk, Kind::io);
    CHECK_FALSE(fs::exists(disk.unlock.name));
  }
  SUBCASE("one with other bytes") {
    write_file(disk.unlock.name, Bytes(32, 0x42));
    ::chmod(disk.unlock.name.c_str(), 0600);
    const auto error = refuses(disk, Kind::damaged);
    CHECK(error.message.find("does not open with this key file") != std::string::npos);
  }
  SUBCASE("a passphrase") {
    ::setenv("FAUXKEY_TEST_PASS", "a passphrase", 1);
    disk.unlock = {UnlockSource::Kind::environment, "FAUXKEY_TEST_PASS", -1};
    const auto error = refuses(disk, Kind::io);
    CHECK(error.message.find("opens with a key file") != std::string::npos);
  }
  disk.unlock = right;
  disk.open();
  CHECK(same(**disk.store->find(credential.id), credential));
}

TEST_CASE(
    "sqlite store: a passphrase opens it, a wrong one does not, and a damaged wrapped key looks the same") {
  DiskStore disk;
  disk.close();
  disk.path = disk.folder / "passphrase.db";
  disk.unlock = {UnlockSource::Kind::environment, "FAUXKEY_TEST_PASS", -1};
  ::setenv("FAUXKEY_TEST_PASS", "correct horse battery staple", 1);
  disk.open();
  const auto credential = disk.put("example.com", "alice");
  disk.open();
  CHECK(same(**disk.store->find(credential.id), credential));
  disk.close();

  ::setenv("FAUXKEY_TEST_PASS", "correct horse battery stable", 1);
  const auto wrong = refuses(disk, Kind::damaged);
  CHECK(wrong.message.find("stable") == std::string::npos);

  ::setenv("FAUXKEY_TEST_PASS", "correct horse battery staple", 1);
  // The last byte of the map is the last of the sealed master key's tag.
  RawFile{disk.path}.run(
      "UPDATE unlock SET wrapped = CAST(substr(wrapped, 1, length(wrapped) - 1) || "
      "CASE substr(wrapped, -1) WHEN x'00' THEN x'01' ELSE x'00' END AS BLOB)");
  CHECK(refuses(disk, Kind::damaged).message == wrong.message);
  ::unsetenv("FAUXKEY_TEST_PASS");
}

TEST_CASE("sqlite store: a forged file cannot make it work for minutes or take all memory") {
  DiskStore disk;
  disk.close();
  ::setenv("FAUXKEY_TEST_PASS", "x", 1);
  disk.unlock = {UnlockSource::Kind::environment, "FAUXKEY_TEST_PASS", -1};
  // {1: 1, 2: 2, 3: salt, 4: passes, 5: memory, 6: sealed}
  const std::string salt =
      "03"
      "50" +
      std::string(32, '0');
  const std::string sealed =
      "06"
      "5840" +
      std::string(128, '0');
  for (const std::string cost : {"04"
                                 "1affffffff"
                                 "05"
                                 "1a10000000",  // 2^32 passes
                                 "04"
                                 "03"
                                 "05"
                                 "1b0000010000000000",  // 1 TiB
                                 "04"
                                 "04"
                                 "05"
                                 "1a40000000",  // 4 passes over 1 GiB
                                 "04"
                                 "00"
                                 "05"
                                 "1a10000000",
                                 "04"
                                 "03"
                                 "05"
                                 "00"}) {
    RawFile{disk.path}.run(
        "UPDATE unlock SET wrapped = x'a6"
        "0101"
        "0202" +
        salt + cost + sealed + "'");
    const auto start = std::chrono::steady_clock::now();
    const auto error = refuses(disk, Kind::damaged);
    CHECK(error.message.find("unlock record") != std::string::npos);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::milliseconds{500});
  }
  ::unsetenv("FAUXKEY_TEST_PASS");
}

TEST_CASE("sqlite store: a file that is no keystore is refused and left as it is") {
  DiskStore disk;
  disk.close();
  const fs::path keystore = disk.path;
  disk.path = disk.folder / "foreign";
  SUBCASE("text") { write_file(disk.path, view_of("Dear diary, SQLite format 3 is fine.\n")); }
  SUBCASE("an empty file") { write_file(disk.path, {}); }
  SUBCASE("a cut SQLite header") {
    write_file(
        disk.path, Bytes(read_file(keystore)).empty() ? Bytes{} : [&] {
          Bytes head = read_file(keystore);
          head.resize(60);
          return head;
        }());
  }
  SUBCASE("another program's SQLite file") { RawFile{disk.path}.run("CREATE TABLE moz_places(id, url)"); }
  SUBCASE("another program's SQLite file with a journal that SQLite would play back") {
    RawFile{disk.path}.run("PRAGMA journal_mode=WAL; CREATE TABLE moz_places(id, url)");
    write_file(disk.path.string() + "-wal", Bytes(4096, 7));
    refuses(disk, Kind::damaged);
    CHECK(read_file(disk.path.string() + "-wal") == Bytes(4096, 7));
  }
  SUBCASE("a folder") { fs::create_directory(disk.path); }
  SUBCASE("a pipe, which is not waited for") { REQUIRE(::mkfifo(disk.path.c_str(), 0600) == 0); }
  const auto error = refuses(disk, Kind::damaged);
  CHECK(error.message.find("is no fauxkey keystore") != std::string::npos);
}

TEST_CASE("sqlite store: one of a newer format is refused and names the remedy") {
  DiskStore disk;
  disk.close();
  SUBCASE("in the file") { RawFile{disk.path}.run("PRAGMA user_version=3"); }
  SUBCASE("in the write-ahead log only") {
    REQUIRE(in_child([&] {
      RawFile raw{disk.path};
      raw.run("PRAGMA user_version=3");
      ::_exit(0);  // as a crash
      return true;
    }));
  }
  const auto error = refuses(disk, Kind::io);
  CHECK(error.message.find("format 3") != std::string::npos);
  CHECK(error.message.find("install the newer") != std::string::npos);
}

TEST_CASE("sqlite store: a file with other tables, triggers or views is refused") {
  for (const std::string sql :
       {"CREATE TABLE more(x)", "CREATE VIEW v AS SELECT 1",
        "CREATE TRIGGER t AFTER INSERT ON credentials BEGIN DELETE FROM counters; END", "DROP TABLE counters",
        "CREATE INDEX i ON credentials(sealed)", "ALTER TABLE records RENAME TO record"}) {
    DiskStore disk;
    disk.close();
    RawFile{disk.path}.run(sql);
    INFO(sql);
    refuses(disk, Kind::damaged);
  }
}

TEST_CASE("sqlite store: a log without its keystore is not poured into a new one") {
  DiskStore disk;
  disk.close();
  disk.path = disk.folder / "moved.db";
  const fs::path wal = disk.path.string() + "-wal";
  write_file(wal, Bytes(100, 1));
  refuses(disk, Kind::damaged);
  CHECK_FALSE(fs::exists(disk.path));
  CHECK(read_file(wal) == Bytes(100, 1));
}

TEST_CASE("sqlite store: only one process holds it, and the next is told which") {
  DiskStore disk;
  const std::string pid = std::to_string(::getpid());
  const auto told = [&] {
    const auto opened = disk.try_open();
    return !opened &&
           opened.error().message.find("process " + pid + " (fauxkey_unit_tests):") != std::string::npos;
  };
  CHECK(told());
  CHECK(in_child(told));
  SUBCASE("also by another name of the file") {
    const fs::path link = disk.folder / "link.db";
    fs::create_symlink(disk.path, link);
    const auto opened = SqliteStore::open(link, disk.unlock, disk.random, disk.clock, disk.opening);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().message.find("process " + pid + " (fauxkey_unit_tests):") != std::string::npos);
  }
  disk.close();
  CHECK(in_child([&] { return disk.try_open().has_value(); }));
  disk.open();
}

TEST_CASE("sqlite store: a keystore that sqlite3 has open is said to be") {
  DiskStore disk;
  disk.close();
  RawFile raw{disk.path};
  raw.run("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE");
  CHECK(refuses(disk, Kind::io).message.find("another program") != std::string::npos);
}

TEST_CASE("sqlite store: what may not be written is refused as such") {
  DiskStore disk;
  disk.put("example.com", "alice");
  disk.close();
  if (::geteuid() != 0) {
    SUBCASE("the file") { ::chmod(disk.path.c_str(), 0400); }
    SUBCASE("the folder of a new one") {
      ::chmod(disk.folder.path().c_str(), 0500);
      disk.path = disk.folder / "new.db";
    }
    refuses(disk, Kind::read_only);
    ::chmod(disk.folder.path().c_str(), 0700);
    return;
  }
  // Root may write anywhere, so the child is somebody else.
  REQUIRE(::chmod(disk.folder.path().c_str(), 0755) == 0);
  REQUIRE(::chown(disk.unlock.name.c_str(), 65534, 65534) == 0);
  const auto refused = [&] {
    if (::setresuid(65534, 65534, 65534) != 0) return false;
    const auto opened = disk.try_open();
    return !opened && opened.error().kind == Kind::read_only &&
           opened.error().message.find("write permission") != std::string::npos;
  };
  SUBCASE("the file") { CHECK(in_child(refused)); }
  SUBCASE("the folder of a new one") {
    disk.path = disk.folder / "new.db";
    CHECK(in_child(refused));
    CHECK_FALSE(fs::exists(disk.path));
  }
  SUBCASE("a folder that would have to be made") {
    disk.path = disk.folder / "sub/new.db";
    CHECK(in_child(refused));
  }
}

TEST_CASE("sqlite store: a flipped bit in a row is found, and the other rows are still read") {
  DiskStore disk;
  std::vector<Credential> credentials;
  for (int i = 0; i < 6; ++i) credentials.push_back(disk.put("example.com", "u" + std::to_string(i)));
  REQUIRE(disk.store->next_sign_count(credentials[0].id).has_value());
  REQUIRE(disk.store->next_sign_count(credentials[1].id).has_value());
  REQUIRE(disk.store->save(RecordKind::pin, Bytes{1}).has_value());
  REQUIRE(disk.store->save(RecordKind::config, Bytes{1}).has_value());
  disk.close();
  const auto keys = disk.keys();
  const auto flip = [&](const std::string& table, const std::string& where, const std::string& at) {
    const std::string byte = "substr(sealed, " + at + ", 1)";
    RawFile{disk.path}.run(
        "UPDATE " + table + " SET sealed = CAST(substr(sealed, 1, " + at + " - 1) || CASE " + byte +
        " WHEN x'00' THEN x'01' ELSE x'00' END || substr(sealed, " + at + " + 1) AS BLOB) WHERE " + where);
  };
  const auto credential = [&](std::size_t i) {
    return "id_tag = " + literal(keys.id_tag(credentials[i].id));
  };
  flip("credentials", credential(0), "1");               // nonce
  flip("credentials", credential(2), "100");             // ciphertext
  flip("credentials", credential(4), "length(sealed)");  // tag
  flip("counters", "tag = " + literal(keys.counter_tag(keys.id_tag(credentials[0].id))), "30");
  flip("records", "tag = " + literal(keys.record_tag(RecordKind::pin)), "30");
  disk.open();
  for (std::size_t i = 0; i < credentials.size(); ++i) {
    const auto found = disk.store->find(credentials[i].id);
    if (i % 2 == 0) {
      REQUIRE_FALSE(found.has_value());
      CHECK(found.error().kind == Kind::damaged);
      check_sentence(found.error());
    } else {
      CHECK(same(**found, credentials[i]));
    }
  }
  CHECK(disk.store->find_by_rp(rp_hash("example.com"))->size() == 3);
  CHECK(disk.store->page(0, 10)->credentials.size() == 3);
  CHECK(disk.store->page_by_rp(rp_hash("example.com"), 0, 10)->credentials.size() == 3);
  CHECK(disk.store->page_relying_parties(0, 10)->credentials.size() == 1);
  CHECK(*disk.store->count_relying_parties() == 1);
  CHECK(*disk.store->count() == 6);
  const auto counter = disk.store->next_sign_count(credentials[0].id);
  REQUIRE_FALSE(counter.has_value());
  CHECK(counter.error().kind == Kind::damaged);
  check_sentence(counter.error());
  CHECK_FALSE(disk.store->sign_counter(credentials[0].id).has_value());
  CHECK_FALSE(disk.store->raise_sign_count(credentials[0].id, 100).has_value());
  CHECK(*disk.store->next_sign_count(credentials[1].id) == 2);
  CHECK_FALSE(disk.store->load(RecordKind::pin).has_value());
  CHECK(disk.store->load(RecordKind::config)->has_value());
  auto health = disk.store->check();
  REQUIRE(health.has_value());
  CHECK_FALSE(health->sound());
  CHECK(health->credentials == 3);
  CHECK(health->damaged_credentials == 3);
  CHECK(health->missing_credentials == 0);
  CHECK(health->damaged_counters == 1);
  CHECK(health->damaged_records == std::vector{RecordKind::pin});

  // The remedies that the sentences name.
  disk.put("example.com", "u0");
  CHECK(*disk.store->erase(credentials[2].id));
  CHECK(disk.store->find_by_rp(rp_hash("example.com"))->size() == 4);
  CHECK(*disk.store->erase(credentials[4].id));
  CHECK(disk.store->find_by_rp(rp_hash("example.com"))->size() == 4);
  REQUIRE(disk.store->save(RecordKind::pin, Bytes{2}).has_value());
  health = disk.store->check();
  CHECK(health->damaged_credentials == 0);
  CHECK(health->damaged_records.empty());
}

TEST_CASE("sqlite store: an updated credential that was damaged is whole again") {
  DiskStore disk;
  std::vector<Credential> credentials;
  for (int i = 0; i < 3; ++i) credentials.push_back(disk.put("example.com", "u" + std::to_string(i)));
  disk.close();
  RawFile{disk.path}.run("UPDATE credentials SET sealed = zeroblob(200) WHERE id_tag = " +
                         literal(disk.keys().id_tag(credentials[1].id)));
  disk.open();
  REQUIRE_FALSE(disk.store->find(credentials[1].id).has_value());
  REQUIRE(*disk.store->update(credentials[1]));
  CHECK(same(**disk.store->find(credentials[1].id), credentials[1]));
  CHECK(disk.store->find_by_rp(rp_hash("example.com"))->size() == 3);
  CHECK(disk.store->check()->sound());
}

TEST_CASE("sqlite store: a row that somebody took out is missed") {
  DiskStore disk;
  std::vector<Credential> credentials;
  for (int i = 0; i < 4; ++i) credentials.push_back(disk.put("example.com", "u" + std::to_string(i)));
  REQUIRE(disk.store->next_sign_count(credentials[0].id).has_value());
  REQUIRE(disk.store->save(RecordKind::pin, Bytes{1}).has_value());
  disk.close();
  const auto keys = disk.keys();
  SUBCASE("a credential, which hides no other") {
    RawFile{disk.path}.run("DELETE FROM credentials WHERE id_tag = " +
                           literal(keys.id_tag(credentials[1].id)));
    disk.open();
    CHECK(disk.store->check()->missing_credentials == 1);
    CHECK(disk.store->find_by_rp(rp_hash("example.com"))->size() == 3);
    disk.put("example.com", "new");
    CHECK(disk.store->find_by_rp(rp_hash("example.com"))->size() == 4);
    REQUIRE(*disk.store->erase(credentials[0].id));
    CHECK(disk.store->find_by_rp(rp_hash("example.com"))->size() == 3);
  }
  SUBCASE("a counter") {
    RawFile{disk.path}.run("DELETE FROM counters");
    disk.open();
    CHECK(disk.store->check()->missing_counters == 1);
  }
  SUBCASE("the PIN, which does not make it a key without one") {
    RawFile{disk.path}.run("DELETE FROM records WHERE tag = " + literal(keys.record_tag(RecordKind::pin)));
    disk.open();
    const auto pin = disk.store->load(RecordKind::pin);
    REQUIRE_FALSE(pin.has_value());
    CHECK(pin.error().kind == Kind::damaged);
    check_sentence(pin.error());
    CHECK(disk.store->check()->damaged_records == std::vector{RecordKind::pin});
  }
  SUBCASE("the store's own record, without which nobody can tell what else is missing") {
    disk.open();
    const auto revision = *disk.store->revision();
    disk.close();
    RawFile{disk.path}.run("DELETE FROM records");
    // The key file's mark would tell, too.
    CHECK(refuses(disk, Kind::damaged).message.find("accept-older") != std::string::npos);
    fs::remove(disk.unlock.name + ".mark");
    disk.open();
    const auto pin = disk.store->load(RecordKind::pin);
    REQUIRE_FALSE(pin.has_value());
    CHECK(pin.error().kind == Kind::damaged);
    check_sentence(pin.error());
    CHECK_FALSE(disk.store->put(make_credential(disk.random, "example.com", "new")).has_value());
    CHECK_FALSE(disk.store->count().has_value());
    CHECK(disk.store->check()->damaged_records == std::vector{RecordKind::revision});

    // Until a person says that it shall go on.
    REQUIRE(disk.store->repair().has_value());
    CHECK(*disk.store->revision() > revision);
    CHECK(*disk.store->count() == 4);
    CHECK_FALSE(disk.store->load(RecordKind::pin)->has_value());
    disk.put("example.com", "new");
    disk.open();
    CHECK(*disk.store->count() == 5);
    CHECK(disk.store->check()->sound());
    CHECK(disk.store->find_by_rp(rp_hash("example.com"))->front().user.id == Bytes{'n', 'e', 'w'});
  }
}

TEST_CASE("sqlite store: a record that is put in another's place is refused") {
  DiskStore disk;
  const auto a = disk.put("example.com", "a");
  const auto b = disk.put("example.org", "b");
  REQUIRE(disk.store->next_sign_count(a.id).has_value());
  for (int i = 0; i < 9; ++i) REQUIRE(disk.store->next_sign_count(b.id).has_value());
  REQUIRE(disk.store->save(RecordKind::pin, Bytes{1}).has_value());
  REQUIRE(disk.store->save(RecordKind::config, Bytes{1}).has_value());
  disk.close();
  const auto swap = [&](const std::string& table, const std::string& column, const std::string& key) {
    RawFile{disk.path}.run("CREATE TEMP TABLE old AS SELECT * FROM " + table + "; UPDATE " + table + " SET " +
                           column + " = (SELECT " + column + " FROM old WHERE old." + key + " <> " + table +
                           "." + key + " LIMIT 1)");
  };
  SUBCASE("the sealed credentials") {
    swap("credentials", "sealed", "place");
    disk.open();
    CHECK_FALSE(disk.store->find(a.id).has_value());
    CHECK_FALSE(disk.store->find(b.id).has_value());
  }
  SUBCASE("the relying parties") {
    // Both at once, for no two rows may have the same tag meanwhile.
    const auto keys = disk.keys();
    const auto mine = literal(keys.rp_tag(a.rp_id_hash, 0));
    const auto other = literal(keys.rp_tag(b.rp_id_hash, 0));
    RawFile{disk.path}.run("UPDATE credentials SET rp_tag = x'00' WHERE rp_tag = " + mine +
                           "; UPDATE credentials SET rp_tag = " + mine + " WHERE rp_tag = " + other +
                           "; UPDATE credentials SET rp_tag = " + other + " WHERE rp_tag = x'00'");
    disk.open();
    CHECK_FALSE(disk.store->find_by_rp(a.rp_id_hash).has_value());
    CHECK_FALSE(disk.store->find_by_rp(b.rp_id_hash).has_value());
  }
  SUBCASE("the places") {
    RawFile{disk.path}.run("UPDATE credentials SET place = place - 1");
    disk.open();
    CHECK(disk.store->check()->damaged_credentials == 2);
  }
  SUBCASE("the counters") {
    swap("counters", "sealed", "tag");
    disk.open();
    CHECK_FALSE(disk.store->next_sign_count(a.id).has_value());
    CHECK_FALSE(disk.store->next_sign_count(b.id).has_value());
  }
  SUBCASE("the state records") {
    const auto keys = disk.keys();
    const auto pin = literal(keys.record_tag(RecordKind::pin));
    const auto config = literal(keys.record_tag(RecordKind::config));
    RawFile{disk.path}.run(
        "CREATE TEMP TABLE old AS SELECT * FROM records; UPDATE records SET sealed = "
        "(SELECT sealed FROM old WHERE tag = " +
        config + ") WHERE tag = " + pin +
        "; UPDATE records SET sealed = (SELECT sealed FROM old WHERE tag = " + pin +
        ") WHERE tag = " + config);
    disk.open();
    CHECK_FALSE(disk.store->load(RecordKind::pin).has_value());
    CHECK_FALSE(disk.store->load(RecordKind::config).has_value());
  }
  SUBCASE("a credential from another keystore with the same key file") {
    DiskStore other;
    other.close();
    fs::remove(other.path);
    fs::remove(other.unlock.name);
    fs::copy(disk.unlock.name, other.unlock.name);
    other.open();
    other.close();
    RawFile{other.path}.run("ATTACH '" + disk.path.string() +
                            "' AS x; INSERT INTO credentials SELECT * FROM x.credentials");
    other.open();
    CHECK_FALSE(other.store->find(a.id)->has_value());
    CHECK(other.store->check()->damaged_credentials == 2);
  }
}

// What this design does not detect, as sqlite_store.h says: somebody who can write the file can bring back a
// record that was there before. Should that ever be detected, this test tells to change the header's words.
TEST_CASE("sqlite store: an earlier version of a record, put back, is taken (known limit)") {
  DiskStore disk;
  const Bytes id(32, 1);
  REQUIRE(*disk.store->next_sign_count(id) == 1);
  disk.close();
  const fs::path old = disk.folder / "old.db";
  fs::copy_file(disk.path, old);
  disk.open();
  REQUIRE(*disk.store->next_sign_count(id) == 2);
  disk.close();
  RawFile{disk.path}.run("ATTACH '" + old.string() +
                         "' AS x; INSERT OR REPLACE INTO counters SELECT * FROM x.counters");
  disk.open();
  CHECK(*disk.store->next_sign_count(id) == 2);
}

TEST_CASE("sqlite store: whatever bytes a file has, it is read right, or refused, and never crashes") {
  DiskStore disk;
  std::vector<Credential> credentials;
  for (int i = 0; i < 8; ++i) {
    credentials.push_back(disk.put("example.com", "u" + std::to_string(i)));
    REQUIRE(disk.store->next_sign_count(credentials.back().id).has_value());
  }
  disk.close();
  const Bytes good = read_file(disk.path);
  SeededRandom random{20'240'607};
  const auto below = [&](std::size_t limit) {
    const auto bytes = random.bytes<4>();
    return (std::size_t{bytes[0]} | std::size_t{bytes[1]} << 8U | std::size_t{bytes[2]} << 16U) % limit;
  };
  int refused = 0;
  int read = 0;
  for (int round = 0; round < 300; ++round) {
    Bytes bad = good;
    if (round % 10 == 9) bad.resize(below(bad.size()));
    const std::size_t changes = 1 + below(8);
    for (std::size_t i = 0; i < changes && !bad.empty(); ++i) {
      // The schema's and the tables' page heads as often as the rest.
      std::size_t at = below(bad.size());
      if (round % 2 == 0) at = at / 4096 * 4096 + below(128);
      if (at < bad.size()) bad[at] = random.bytes<1>()[0];
    }
    write_file(disk.path, bad);
    fs::remove(disk.path.string() + "-wal");
    fs::remove(disk.path.string() + "-journal");
    fs::remove(disk.unlock.name + ".mark");  // each is older than the last
    INFO("round " << round);
    auto opened = disk.try_open();
    if (!opened) {
      check_sentence(opened.error());
      ++refused;
      continue;
    }
    auto& store = **opened;
    for (const auto& credential : credentials) {
      const auto found = store.find(credential.id);
      if (found && found->has_value()) {
        CHECK(same(**found, credential));
        ++read;
      }
      const auto count = store.next_sign_count(credential.id);
      if (count) CHECK(*count <= 2);
    }
    const auto by_rp = store.find_by_rp(credentials[0].rp_id_hash);
    if (by_rp) CHECK(by_rp->size() <= credentials.size());
    static_cast<void>(store.page(0, 100));
    static_cast<void>(store.count());
    static_cast<void>(store.check());
    static_cast<void>(store.put(credentials[0]));
    static_cast<void>(store.reset());
  }
  CHECK(refused > 20);
  CHECK(read > 500);
}

}  // namespace keystore_sqlite_test
