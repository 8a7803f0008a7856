// What the doctor says of a keystore and its files.
#include "doctor_fixture.h"

#include "keystore/lock_file.h"

namespace doctor_store_test {
namespace {

using namespace fauxkey;
using namespace fauxkey::test;
using namespace fauxkey::test::machines;
using namespace fauxkey::app::doctor;

/// A keystore with two credentials, as this user's `fauxkey run` leaves it.
struct StoreMachine : FakeMachine {
  DiskStore disk;
  StoreMachine() {
    machine.user = ::getuid();
    machine.store.store = disk.path.string();
    machine.store.unlock = "keyfile:" + disk.unlock.name;
    disk.put("one.example", "alice");
    disk.put("two.example", "bob");
    disk.close();
  }
  [[nodiscard]] Findings files() const { return look_at_keystore_files(machine); }
  [[nodiscard]] Finding unlock() const { return only(look_at_unlock(machine)); }
  [[nodiscard]] Finding keystore() const { return only(look_at_keystore(machine)); }
};

TEST_CASE("keystore: none yet is no problem") {
  const FakeMachine fake;
  for (const auto look : {look_at_keystore_files, look_at_unlock, look_at_keystore}) {
    CHECK(only(look(fake.machine)).result == Result::ok);
    CHECK(has(only(look(fake.machine)).text, "no keystore"));
  }
}

TEST_CASE("keystore: a sound one is opened and counted") {
  const StoreMachine fake;
  CHECK(only(fake.files()).result == Result::ok);
  CHECK(fake.unlock().result == Result::ok);
  CHECK(fake.keystore().result == Result::ok);
  CHECK(has(fake.keystore().text, "2 credentials"));
}

TEST_CASE("keystore: one that runs is left alone, and its process named") {
  StoreMachine fake;
  fake.disk.open();
  CHECK(fake.keystore().result == Result::ok);
  CHECK(has(fake.keystore().text, "process " + std::to_string(::getpid())));
}

TEST_CASE("keystore-files: what others may read or write is closed by the command") {
  const StoreMachine fake;
  const auto path = fake.disk.path.string();
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write | fs::perms::others_read);
  CHECK(about(fake.files(), path).text == "others may read it");
  CHECK(about(fake.files(), path).command == "chmod 600 " + path);
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  const auto folder = fake.disk.folder.path();
  fs::permissions(folder, fs::perms::all);
  CHECK(about(fake.files(), folder.string()).command == "chmod go-w " + folder.string());
  fs::permissions(folder, fs::perms::owner_all);
  fs::permissions(fake.disk.unlock.name, fs::perms::all);
  CHECK(about(fake.files(), fake.disk.unlock.name).result == Result::problem);
}

TEST_CASE("unlock: a key file that is missing is named, and the keystore is left closed") {
  const StoreMachine fake;
  fs::rename(fake.disk.unlock.name, fake.disk.unlock.name + ".away");
  CHECK(fake.unlock().result == Result::problem);
  CHECK(fake.unlock().subject == fake.disk.unlock.name);
  CHECK(fake.unlock().command ==
        "mv " + fake.disk.path.string() + " " + fake.disk.path.string() + ".lost-key");
  CHECK(fake.keystore().result == Result::note);
  CHECK_FALSE(fs::exists(fake.disk.unlock.name));
}

TEST_CASE("unlock: a keystore that opens otherwise than the options say") {
  StoreMachine fake;
  SUBCASE("by a key file") {
    fake.machine.store.unlock = "env:NAME";
    CHECK(fake.unlock().result == Result::problem);
    CHECK(has(fake.unlock().text, "with a key file"));
  }
  SUBCASE("by a passphrase") {
    const DiskStore other;  // as above, with a folder of its own
    ::setenv("FAUXKEY_TEST_PASSPHRASE", "correct horse", 1);
    SystemRandom random;
    const SystemClock clock;
    ManualClock manual;
    const auto path = other.folder / "by-passphrase.db";
    REQUIRE(SqliteStore::open(path, {UnlockSource::Kind::environment, "FAUXKEY_TEST_PASSPHRASE", -1}, random,
                              manual, other.opening));
    fake.machine.store.store = path.string();
    CHECK(fake.unlock().result == Result::problem);  // a key file was asked for
    fake.machine.store.unlock = "env:FAUXKEY_TEST_PASSPHRASE";
    CHECK(fake.unlock().result == Result::ok);
    CHECK(fake.keystore().result == Result::ok);
    ::unsetenv("FAUXKEY_TEST_PASSPHRASE");
  }
}

TEST_CASE("keystore: the wrong key file, and a file that is none, are told with what to do") {
  const StoreMachine fake;
  SUBCASE("another key") {
    std::ofstream{fake.disk.unlock.name} << std::string(32, 'x');
    CHECK(fake.keystore().result == Result::problem);
    CHECK_FALSE(fake.keystore().what_to_do.empty());
  }
  SUBCASE("no keystore") {
    std::ofstream{fake.disk.path} << "something else";
    CHECK(has(fake.keystore().text, "is no fauxkey keystore"));
    CHECK(has(fake.keystore().what_to_do, "--store"));
  }
}

TEST_CASE("keystore: damaged records are counted, and the command names them") {
  const StoreMachine fake;
  {
    auto opened = keystore::Database::open(fake.disk.path);
    REQUIRE(opened);
    REQUIRE(
        (*opened)->execute("UPDATE credentials SET sealed = zeroblob(length(sealed)) WHERE place = (SELECT "
                           "min(place) FROM credentials)"));
  }
  const auto finding = fake.keystore();
  CHECK(finding.result == Result::problem);
  CHECK(has(finding.text, "1 credential damaged"));
  CHECK(finding.command.starts_with("fauxkey keystore check --store "));
}

}  // namespace
}  // namespace doctor_store_test
