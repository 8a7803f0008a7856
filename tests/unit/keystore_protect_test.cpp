// What opens a keystore may be changed, wrong passphrases are slowed down, and older copies are noticed.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "keystore/lock_file.h"
#include "keystore/protect.h"
#include "keystore/rollback.h"
#include "keystore/sqlite.h"
#include "keystore/store_info.h"
#include "keystore_fixture.h"

namespace keystore_protect_test {

using namespace fauxkey;
using namespace fauxkey::test;
namespace fs = std::filesystem;

namespace {

using Kind = UnlockSource::Kind;
using keystore::Argon2Cost;
using keystore::UnlockSecret;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

const UnlockSource kPassphrase{Kind::environment, "FAUXKEY_TEST_PASS", -1};
const UnlockSource kOther{Kind::environment, "FAUXKEY_TEST_OTHER", -1};

struct Passphrases {
  Passphrases() {
    ::setenv("FAUXKEY_TEST_PASS", "correct horse", 1);
    ::setenv("FAUXKEY_TEST_OTHER", "battery staple", 1);
  }
  ~Passphrases() {
    ::unsetenv("FAUXKEY_TEST_PASS");
    ::unsetenv("FAUXKEY_TEST_OTHER");
  }
  Passphrases(const Passphrases&) = delete;
  Passphrases& operator=(const Passphrases&) = delete;
};

/// A closed keystore with a credential.
struct Closed : DiskStore {
  Passphrases passphrases;
  Credential credential = put("example.com", "alice");
  Closed() { close(); }

  void protect(const UnlockSource& from, const std::optional<UnlockSource>& to) {
    const auto done = keystore::protect(path, from, to, random, clock, opening);
    REQUIRE_MESSAGE(done.has_value(), (done ? std::string{} : done.error().message));
    unlock = to.value_or(from);
  }
  [[nodiscard]] bool opens_with(const UnlockSource& source) {
    const auto opened = SqliteStore::open(path, source, random, clock, opening);
    if (!opened) check_sentence(opened.error());
    if (!opened) return false;
    const auto found = (*opened)->find(credential.id);
    return found && *found && same(**found, credential);
  }
  [[nodiscard]] keystore::Wrapping wrapping() const { return keystore::store_info(path)->wrapping; }
  void set_cost(const Argon2Cost& cost) {
    opening.argon2_cost = [cost] { return cost; };
  }
};

/// The bytes of the unlock record, as whoever has the file sees them.
Bytes unlock_record(const fs::path& path) {
  const auto database = keystore::Database::open(path);
  REQUIRE(database.has_value());
  auto select = (*database)->prepare("SELECT wrapped FROM unlock");
  REQUIRE(select->step().value());
  const auto blob = select->blob(0);
  return {blob.begin(), blob.end()};
}

bool contains(const Bytes& haystack, ByteView needle) {
  return !haystack.empty() &&
         ::memmem(haystack.data(), haystack.size(), needle.data(), needle.size()) != nullptr;
}

}  // namespace

TEST_CASE("protect: any source may follow any, and only the last opens the keystore") {
  Closed disk;
  const UnlockSource key = disk.unlock;
  const UnlockSource other_key{Kind::key_file, (disk.folder / "keys/other.key").string(), -1};
  const std::vector<UnlockSource> sources{key, kPassphrase, kOther, other_key};
  for (const auto& [from, to] : std::vector<std::pair<UnlockSource, UnlockSource>>{
           {key, kPassphrase}, {kPassphrase, kOther}, {kOther, other_key}, {other_key, key}}) {
    INFO(to_string(from) << " to " << to_string(to));
    disk.protect(from, to);
    for (const auto& source : sources) {
      INFO(to_string(source));
      // Wrong ones are slowed down, which is another test's.
      disk.clock.advance(std::chrono::minutes{2});
      if (source.kind == Kind::key_file && !fs::exists(source.name)) continue;
      CHECK(disk.opens_with(source) == (source == to));
    }
  }
  CHECK(fs::status(other_key.name).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("protect: nothing that the old secret opens is left in the file, its log or its snapshots") {
  Closed disk;
  disk.open();
  REQUIRE(disk.store->save_snapshot("before").has_value());
  disk.close();
  const Bytes old = unlock_record(disk.path);
  const ByteView needle = ByteView{old}.last(48);  // the end of the sealed master key
  REQUIRE(contains(read_file(disk.path), needle));
  const Bytes rows_before = [&] {
    disk.open();
    const auto revision = disk.store->revision();
    disk.close();
    return Bytes(1, static_cast<std::uint8_t>(*revision));
  }();
  disk.protect(disk.unlock, kPassphrase);
  for (const auto& entry : fs::recursive_directory_iterator{disk.folder.path()}) {
    if (!entry.is_regular_file()) continue;
    INFO(entry.path());
    CHECK_FALSE(contains(read_file(entry.path()), needle));
  }
  disk.open();
  CHECK(*disk.store->revision() == rows_before[0]);  // no record was touched
  REQUIRE(disk.store->restore_snapshot("before").has_value());
  disk.open();
  CHECK(same(**disk.store->find(disk.credential.id), disk.credential));
}

TEST_CASE("protect: a passphrase's cost is raised to what suits the machine, and never lowered") {
  Closed disk;
  disk.set_cost({2, 16 * kMiB});
  disk.protect(disk.unlock, kPassphrase);
  CHECK(disk.wrapping().cost == Argon2Cost{2, 16 * kMiB});
  disk.set_cost({2, 24 * kMiB});
  disk.protect(kPassphrase, std::nullopt);
  CHECK(disk.wrapping().cost == Argon2Cost{2, 24 * kMiB});
  disk.set_cost({1, 8 * kMiB});
  disk.protect(kPassphrase, std::nullopt);
  CHECK(disk.wrapping().cost == Argon2Cost{2, 24 * kMiB});
  disk.protect(kPassphrase, kOther);
  CHECK(disk.wrapping().cost == Argon2Cost{2, 24 * kMiB});
  CHECK(disk.opens_with(kOther));
}

TEST_CASE("protect: a wrong secret changes nothing") {
  Closed disk;
  const Bytes before = unlock_record(disk.path);
  CHECK_FALSE(
      keystore::protect(disk.path, kPassphrase, kOther, disk.random, disk.clock, disk.opening).has_value());
  ::unsetenv("FAUXKEY_TEST_OTHER");
  const auto failed =
      keystore::protect(disk.path, disk.unlock, kOther, disk.random, disk.clock, disk.opening);
  REQUIRE_FALSE(failed.has_value());
  check_sentence(failed.error());
  CHECK(unlock_record(disk.path) == before);
  CHECK(disk.opens_with(disk.unlock));
}

TEST_CASE("protect: killed at any moment, the keystore opens with the old or the new") {
  for (int i = 0; i < 30; ++i) {
    Closed disk;
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      static_cast<void>(
          keystore::protect(disk.path, disk.unlock, kPassphrase, disk.random, disk.clock, disk.opening));
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(500 * i));
    ::kill(child, SIGKILL);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    const bool old = disk.opens_with(disk.unlock);
    const bool now = disk.opens_with(kPassphrase);
    CHECK(old != now);
  }
}

TEST_CASE(
    "wrong passphrases: after five in a row the next must wait, longer each time, and a right one clears") {
  Closed disk;
  disk.protect(disk.unlock, kPassphrase);
  ::setenv("FAUXKEY_TEST_PASS", "wrong", 1);
  const auto message = [&] {
    const auto opened = disk.try_open();
    REQUIRE_FALSE(opened.has_value());
    check_sentence(opened.error());
    return opened.error().message;
  };
  const auto seconds = [](int n) { return std::chrono::seconds{n}; };
  const std::string wrong = message();
  for (int i = 1; i < 5; ++i) CHECK(message() == wrong);
  for (const int pause : {1, 2, 4, 8, 16, 32, 60, 60}) {
    INFO(pause);
    CHECK(message().find("wait " + std::to_string(pause) + " second") != std::string::npos);
    disk.clock.advance(seconds(pause) - seconds(1));
    CHECK(message().find("wait 1 second and") != std::string::npos);
    ::setenv("FAUXKEY_TEST_PASS", "correct horse", 1);  // is not even looked at
    CHECK(message().find("wait 1 second and") != std::string::npos);
    ::setenv("FAUXKEY_TEST_PASS", "wrong", 1);
    disk.clock.advance(seconds(1));
    CHECK(message() == wrong);
  }
  disk.clock.advance(seconds(60));
  ::setenv("FAUXKEY_TEST_PASS", "correct horse", 1);
  CHECK(disk.opens_with(kPassphrase));
  ::setenv("FAUXKEY_TEST_PASS", "wrong", 1);
  for (int i = 0; i < 5; ++i) CHECK(message() == wrong);
  CHECK(message().find("wait 1 second and") != std::string::npos);
}

TEST_CASE("wrong passphrases: a clock that was put back makes nobody wait for its hours") {
  Closed disk;
  disk.protect(disk.unlock, kPassphrase);
  ::setenv("FAUXKEY_TEST_PASS", "wrong", 1);
  disk.clock.advance(std::chrono::hours{1000});
  for (int i = 0; i < 6; ++i) CHECK_FALSE(disk.try_open().has_value());
  ManualClock earlier;
  ::setenv("FAUXKEY_TEST_PASS", "correct horse", 1);
  const auto open = [&] {
    return SqliteStore::open(disk.path, disk.unlock, disk.random, earlier, disk.opening);
  };
  CHECK(open().error().message.find("wait 1 second") != std::string::npos);
  earlier.advance(std::chrono::seconds{1});
  CHECK(open().has_value());
}

TEST_CASE("wrong passphrases: they are counted before they are tried, so a killed try counts") {
  Closed disk;
  disk.protect(disk.unlock, kPassphrase);
  {
    auto lock = keystore::Lock::take(disk.path);
    REQUIRE(lock.has_value());
    lock->remember({4, disk.clock.unix_time()});
  }
  CHECK(keystore::Lock::take(disk.path)->wrong_tries().count == 4);
  ::setenv("FAUXKEY_TEST_PASS", "wrong", 1);
  disk.opening.argon2_cost = keystore::measured_argon2_cost;
  CHECK_FALSE(disk.try_open().has_value());
  CHECK(keystore::Lock::take(disk.path)->wrong_tries() == keystore::WrongTries{5, disk.clock.unix_time()});
}

TEST_CASE("wrong passphrases: a lock file with anything in it harms nobody") {
  Closed disk;
  const fs::path lock = disk.path.string() + ".lock";
  for (const std::string& content : std::initializer_list<std::string>{
           "", "\n\n\n", std::string(10'000, 'x'), "wrong passphrases: 5",
           "wrong passphrases: -5, the last at 3",
           "wrong passphrases: 99999999999999999999, the last at 99999999999999999999999\n",
           std::string("\0\xff\x1b[2J", 6)}) {
    write_file(lock, view_of(content));
    CHECK(disk.opens_with(disk.unlock));
  }
  disk.open();
  write_file(lock, view_of("12 \x1b]0;owned\x07\nwrong"));
  const auto told = disk.try_open();
  REQUIRE_FALSE(told.has_value());
  CHECK(told.error().message.find('\x1b') == std::string::npos);
  check_sentence(told.error());
}

// --- older copies

TEST_CASE("rollback: a keystore that was put back to an older copy is refused until that is accepted") {
  Closed disk;
  const Bytes copy = read_file(disk.path);
  disk.open();
  const auto later = disk.put("example.com", "bob");
  disk.close();
  const Bytes newest = read_file(disk.path);

  write_file(disk.path, copy);
  const auto refused = disk.try_open();
  REQUIRE_FALSE(refused.has_value());
  check_sentence(refused.error());
  CHECK(refused.error().message.find("keystore accept-older") != std::string::npos);
  CHECK(read_file(disk.path) == copy);

  SUBCASE("the newest one opens as before") {
    write_file(disk.path, newest);
    disk.open();
    CHECK((*disk.store->find(later.id)).has_value());
  }
  SUBCASE("once accepted, it is the newest") {
    disk.opening.accept_older = true;
    disk.open();
    disk.close();
    disk.opening.accept_older = false;
    disk.open();
    CHECK_FALSE((*disk.store->find(later.id)).has_value());
    disk.close();
    write_file(disk.path, newest);
    CHECK_FALSE(disk.try_open().has_value());
  }
  SUBCASE("taking its generation out of it does not help") {
    disk.close();
    {
      const auto database = keystore::Database::open(disk.path);
      REQUIRE((*database)->execute("DELETE FROM records").has_value());
    }
    CHECK_FALSE(disk.try_open().has_value());
  }
}

TEST_CASE("rollback: a killed process never makes the newest file look old") {
  Closed disk;
  for (int i = 0; i < 40; ++i) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      for (;;) static_cast<void>(disk.try_open());
    }
    ::usleep(static_cast<useconds_t>(1000 + 337 * i));
    ::kill(child, SIGKILL);
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    disk.open();
    disk.close();
  }
}

TEST_CASE("rollback: a mark that is missing, cut or forged tells nothing and harms nothing") {
  Closed disk;
  const Bytes copy = read_file(disk.path);
  disk.open();
  disk.close();
  const fs::path mark = disk.unlock.name + ".mark";
  const Bytes good = read_file(mark);
  REQUIRE(good.size() == 16 + 24 + 32);
  CHECK(fs::status(mark).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  const auto opens = [&] {
    write_file(disk.path, copy);
    const bool opened = disk.try_open().has_value();
    return opened;
  };
  CHECK_FALSE(opens());
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes bad = good;
    bad[at] ^= 0x40U;
    write_file(mark, bad);
    CHECK(opens());
    CHECK(read_file(mark).size() == good.size());
  }
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{47}, std::size_t{48}, good.size() - 1,
                           std::size_t{100'000}}) {
    Bytes bad = good;
    bad.resize(size);
    write_file(mark, bad);
    CHECK(opens());
  }
  fs::remove(mark);
  CHECK(opens());
  fs::remove(mark);
  fs::create_directory(mark);  // cannot be written
  CHECK(opens());
  CHECK(opens());
}

TEST_CASE("rollback: one key file keeps the marks of many keystores apart") {
  Closed disk;
  const fs::path first = disk.path;
  const Bytes copy = read_file(first);
  disk.open();
  disk.close();
  disk.path = disk.folder / "second.db";
  disk.open();
  disk.close();
  disk.open();
  disk.close();
  disk.path = first;
  disk.open();
  disk.close();
  write_file(first, copy);
  CHECK_FALSE(disk.try_open().has_value());

  SystemRandom random;
  const keystore::MarkFile marks{disk.folder / "many.key", Bytes(32, 7)};
  const auto id = [](std::size_t n) {
    keystore::Tag tag{};
    tag[0] = static_cast<std::uint8_t>(n);
    tag[1] = static_cast<std::uint8_t>(n >> 8U);
    return tag;
  };
  for (std::size_t n = 0; n < keystore::MarkFile::kMaxStores + 10; ++n)
    REQUIRE(marks.raise(id(n), n + 1, random));
  CHECK_FALSE(marks.read(id(9)).has_value());  // forgotten, as the oldest
  CHECK(marks.read(id(10)) == 11);
  REQUIRE(marks.raise(id(500), 3, random));
  CHECK(marks.read(id(500)) == 501);  // never lowered
  CHECK_FALSE(keystore::MarkFile(disk.folder / "many.key", Bytes(32, 8)).read(id(500)).has_value());
}

TEST_CASE("rollback: a passphrase has no mark, and an older copy opens") {
  Closed disk;
  disk.protect(disk.unlock, kPassphrase);
  const Bytes copy = read_file(disk.path);
  disk.open();
  disk.put("example.com", "bob");
  disk.close();
  write_file(disk.path, copy);
  CHECK(disk.opens_with(kPassphrase));
}

}  // namespace keystore_protect_test
