// Snapshots put the whole state of a key back; forks are clones that a relying party can tell by the
// counters.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "keystore/snapshots.h"
#include "keystore_fixture.h"

namespace keystore_snapshots_test {

using namespace fauxkey;
using namespace fauxkey::test;
namespace fs = std::filesystem;

namespace {

void must(const StoreResult<void>& done) {
  REQUIRE_MESSAGE(done.has_value(), (done ? std::string{} : done.error().message));
}

StoreError refused(const StoreResult<void>& done) {
  REQUIRE_FALSE(done.has_value());
  check_sentence(done.error());
  return done.error();
}

}  // namespace

TEST_CASE("snapshot: restoring brings back credentials, counters and records, and nothing else") {
  DiskStore disk;
  const auto alice = disk.put("example.com", "alice");
  REQUIRE(disk.store->save(RecordKind::pin, Bytes{1, 2, 3}).has_value());
  const auto counted = *disk.store->next_sign_count(alice.id);
  must(disk.store->save_snapshot("first"));
  const auto revision_then = *disk.store->revision();

  const auto bob = disk.put("example.com", "bob");
  REQUIRE(*disk.store->erase(alice.id));
  REQUIRE(disk.store->save(RecordKind::pin, Bytes{9}).has_value());
  const auto revision_before = *disk.store->revision();

  SUBCASE("at once") { must(disk.store->restore_snapshot("first")); }
  SUBCASE("in another process") {
    disk.open();
    must(disk.store->restore_snapshot("first"));
    disk.open();
  }
  CHECK(same(**disk.store->find(alice.id), alice));
  CHECK_FALSE((*disk.store->find(bob.id)).has_value());
  CHECK(*disk.store->count() == 1);
  CHECK((*disk.store->load(RecordKind::pin))->size() == 3);
  CHECK(disk.store->sign_counter(alice.id)->count == counted);
  CHECK(*disk.store->next_sign_count(alice.id) > counted);
  // A revision is never one that was there before (its clients keep what they read of it).
  CHECK(*disk.store->revision() > revision_before);
  CHECK(revision_before > revision_then);
  CHECK(disk.store->check()->sound());
  disk.put("example.com", "carol");
  disk.open();
  CHECK(*disk.store->count() == 2);
}

TEST_CASE("snapshot: restored, it is no older copy, and an older copy than it still is one") {
  DiskStore disk;
  must(disk.store->save_snapshot("first"));
  const Bytes copy = [&] {
    disk.close();
    return read_file(disk.path);
  }();
  disk.open();
  disk.open();
  must(disk.store->restore_snapshot("first"));
  disk.open();
  disk.close();
  write_file(disk.path, copy);
  CHECK_FALSE(disk.try_open().has_value());
}

TEST_CASE("snapshot: names are letters, digits, -, _ and ., so that none leads out of its folder") {
  DiskStore disk;
  for (const std::string& name :
       std::initializer_list<std::string>{"", ".", "..", ".hidden", "a/b", "../x", "/etc/x", "a b", "ä",
                                          "a\n", std::string(65, 'a'), std::string("a\0b", 3)}) {
    INFO(name);
    CHECK_FALSE(keystore::is_snapshot_name(name));
    refused(disk.store->save_snapshot(name));
    refused(disk.store->restore_snapshot(name));
    refused(disk.store->fork_snapshot(name, disk.folder / "fork.db"));
    refused(keystore::delete_snapshot(disk.path, name));
  }
  for (const std::string& name :
       std::initializer_list<std::string>{"a", "Before-2026_03.1", std::string(64, 'a'), "-x"}) {
    CHECK(keystore::is_snapshot_name(name));
    must(disk.store->save_snapshot(name));
  }
  CHECK(keystore::list_snapshots(disk.path)->size() == 4);
}

TEST_CASE("snapshot: a name that is taken or unknown is said to be, and changes nothing") {
  DiskStore disk;
  const auto alice = disk.put("example.com", "alice");
  must(disk.store->save_snapshot("one"));
  disk.put("example.com", "bob");
  CHECK(refused(disk.store->save_snapshot("one")).message.find("already") != std::string::npos);
  CHECK(refused(disk.store->restore_snapshot("two")).message.find("snapshot list") != std::string::npos);
  refused(keystore::delete_snapshot(disk.path, "two"));
  CHECK(*disk.store->count() == 2);
  must(keystore::delete_snapshot(disk.path, "one"));
  CHECK(keystore::list_snapshots(disk.path)->empty());
  refused(disk.store->restore_snapshot("one"));
  CHECK(*disk.store->count() == 2);
}

TEST_CASE("snapshot: another keystore's, a damaged and a cut one are refused, and the keystore stays") {
  DiskStore disk;
  DiskStore other;
  const auto alice = disk.put("example.com", "alice");
  must(disk.store->save_snapshot("own"));
  must(other.store->save_snapshot("other"));
  const auto file = [](const DiskStore& of, const char* name) {
    return fs::path{of.path.string() + ".snapshots"} / (std::string{name} + ".db");
  };
  Bytes content = read_file(file(disk, "own"));
  SUBCASE("another keystore's") { content = read_file(file(other, "other")); }
  SUBCASE("cut") { content.resize(content.size() / 2); }
  SUBCASE("empty") { content.clear(); }
  SUBCASE("text") { content.assign(5000, 'x'); }
  write_file(file(disk, "bad"), content);
  if (content != read_file(file(disk, "own"))) {
    refused(disk.store->restore_snapshot("bad"));
    refused(disk.store->fork_snapshot("bad", disk.folder / "fork.db"));
    CHECK_FALSE(fs::exists(disk.folder / "fork.db"));
  }
  CHECK(same(**disk.store->find(alice.id), alice));
  disk.put("example.com", "bob");
  disk.open();
  CHECK(*disk.store->count() == 2);
}

TEST_CASE("snapshot: saving does not let another program at the open file") {
  DiskStore disk;
  must(disk.store->save_snapshot("one"));
  disk.put("example.com", "alice");
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    sqlite3* handle = nullptr;
    sqlite3_open(disk.path.c_str(), &handle);
    const int result = sqlite3_exec(handle, "DELETE FROM credentials", nullptr, nullptr, nullptr);
    ::_exit(result == SQLITE_BUSY ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("snapshot: killed while it restores, the keystore is as before or as in the snapshot") {
  DiskStore disk;
  disk.put("example.com", "alice");
  must(disk.store->save_snapshot("one"));
  disk.put("example.com", "bob");
  must(disk.store->save_snapshot("two"));
  disk.close();
  for (int i = 0; i < 40; ++i) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      auto opened = disk.try_open();
      for (int round = 0; opened; ++round) {
        static_cast<void>((*opened)->restore_snapshot(round % 2 == 0 ? "one" : "two"));
      }
      ::_exit(1);
    }
    ::usleep(static_cast<useconds_t>(5000 + 777 * i));
    ::kill(child, SIGKILL);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    disk.open();
    const auto count = *disk.store->count();
    CHECK((count == 1 || count == 2));
    CHECK(disk.store->page(0, 10)->credentials.size() == count);
    CHECK(disk.store->check()->sound());
    disk.close();
  }
}

TEST_CASE("fork: a clone logs in beside the original, and their counters collide") {
  DiskStore disk;
  const auto alice = disk.put("example.com", "alice");
  for (int i = 0; i < 3; ++i) REQUIRE(disk.store->next_sign_count(alice.id).has_value());
  must(disk.store->save_snapshot("moment"));
  DiskStore* const original = &disk;
  const fs::path to = disk.folder / "clones/fork.db";
  must(disk.store->fork_snapshot("moment", to));
  CHECK(refused(disk.store->fork_snapshot("moment", to)).message.find("--to") != std::string::npos);

  auto opened = SqliteStore::open(to, disk.unlock, disk.random, disk.clock, disk.opening);
  REQUIRE_MESSAGE(opened.has_value(), (opened ? std::string{} : opened.error().message));
  auto& fork = **opened;
  CHECK(same(**fork.find(alice.id), alice));

  // The relying party's rule (WebAuthn 7.2, step 22): a counter that is not greater than the last it saw
  // means a clone.
  std::uint32_t last = 0;
  int alarms = 0;
  const auto log_in = [&](CredentialStore& store) {
    const auto count = store.next_sign_count(alice.id);
    REQUIRE(count.has_value());
    if (*count <= last) ++alarms;
    last = std::max(last, *count);
  };
  for (int i = 0; i < 4; ++i) {
    log_in(*original->store);
    log_in(fork);
  }
  CHECK(alarms >= 3);

  // Each goes its own way from then on, and neither is taken for an older copy of the other.
  REQUIRE(fork.erase(alice.id).value());
  CHECK((*disk.store->find(alice.id)).has_value());
  opened->reset();
  for (int i = 0; i < 3; ++i) {
    disk.open();
    CHECK(SqliteStore::open(to, disk.unlock, disk.random, disk.clock, disk.opening).has_value());
  }
  // And each is guarded for itself.
  const Bytes copy = read_file(to);
  CHECK(SqliteStore::open(to, disk.unlock, disk.random, disk.clock, disk.opening).has_value());
  write_file(to, copy);
  CHECK_FALSE(SqliteStore::open(to, disk.unlock, disk.random, disk.clock, disk.opening).has_value());
}

TEST_CASE("compact: the file gets smaller, and all that is in it stays") {
  DiskStore disk;
  std::vector<Credential> credentials;
  for (int i = 0; i < 200; ++i) credentials.push_back(disk.put("example.com", "u" + std::to_string(i)));
  REQUIRE(disk.store->next_sign_count(credentials[0].id).has_value());
  for (std::size_t i = 10; i < credentials.size(); ++i) REQUIRE(*disk.store->erase(credentials[i].id));
  const auto sizes = disk.store->compact();
  REQUIRE_MESSAGE(sizes.has_value(), (sizes ? std::string{} : sizes.error().message));
  CHECK(sizes->after < sizes->before / 2);
  CHECK(fs::file_size(disk.path) == sizes->after);
  CHECK(*disk.store->count() == 10);
  for (std::size_t i = 0; i < 10; ++i) CHECK(same(**disk.store->find(credentials[i].id), credentials[i]));
  disk.open();
  CHECK(*disk.store->next_sign_count(credentials[0].id) >= 2);
  CHECK(disk.store->check()->sound());
}

}  // namespace keystore_snapshots_test
