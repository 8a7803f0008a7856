// What somebody does who can write the keystore's file and has no key: it is found, or it does no harm; it is
// never taken for what the key itself wrote.
//
// FAUXKEY_TAMPERING_STEP: each so-manyth byte is flipped (default 61; 1 for all).
#include <sqlite3.h>

#include <array>
#include <cstdlib>
#include <map>
#include <optional>

#include "keystore_fixture.h"

namespace keystore_tampering_test {

using namespace fauxkey;
using namespace fauxkey::test;
namespace fs = std::filesystem;

namespace {

/// A small store and what it holds.
struct Victim : DiskStore {
  std::vector<Credential> credentials;
  std::map<std::size_t, std::uint32_t> counts;
  const Bytes pin{1, 2, 3};

  Victim() {
    for (int i = 0; i < 4; ++i) {
      credentials.push_back(put(i < 3 ? "example.com" : "example.org", "u" + std::to_string(i)));
    }
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t times = 0; times <= i; ++times) counts[i] = *store->next_sign_count(credentials[i].id);
    }
    REQUIRE(store->save(RecordKind::pin, pin).has_value());
    close();
    good = read_file(path);
  }

  /// Puts these bytes in the file's place and looks at all of it.
  /// Fails the test where something is taken for what it is not; true where all was as it had been.
  bool is_whole(const Bytes& bytes) {
    for (const char* suffix : {"-wal", "-journal"}) fs::remove(path.string() + suffix);
    fs::remove(unlock.name + ".mark");  // by which each would be refused, as older than the last
    write_file(path, bytes);
    const auto opened = try_open();
    if (!opened) {
      check_sentence(opened.error());
      return false;
    }
    auto& at = **opened;
    bool whole = true;
    for (std::size_t i = 0; i < credentials.size(); ++i) {
      const auto found = at.find(credentials[i].id);
      if (found && *found)
        CHECK(same(**found, credentials[i]));
      else
        whole = false;
      const auto counter = at.sign_counter(credentials[i].id);
      if (!counter || counter->count != counts[i]) whole = false;
      // Never more than it was: nobody can invent one. (A lost row begins anew, which `check` tells.)
      if (counter) CHECK((counter->count == counts[i] || counter->count == 0));
    }
    for (const char* rp_id : {"example.com", "example.org"}) {
      const auto found = at.find_by_rp(rp_hash(rp_id));
      const std::size_t expected = rp_id == std::string{"example.com"} ? 3 : 1;
      if (!found || found->size() != expected) whole = false;
      if (!found) continue;
      CHECK(found->size() <= expected);
      for (const auto& credential : *found) CHECK(credential.rp_id == rp_id);
    }
    const auto page = at.page(0, 100);
    if (!page || page->credentials.size() != credentials.size()) whole = false;
    const auto record = at.load(RecordKind::pin);
    if (record && *record)
      CHECK(std::ranges::equal((*record)->view(), pin));
    else
      whole = false;
    // A key with a PIN does not become one without by a byte.
    CHECK_FALSE((record && !*record));
    const auto health = at.check();
    sound = health && health->sound();
    if (!whole) CHECK_FALSE(sound);
    return whole;
  }

  Bytes good;
  bool sound = false;  ///< what `check` said last
};

std::size_t step() {
  const char* text = std::getenv("FAUXKEY_TAMPERING_STEP");
  const auto number = text != nullptr ? std::strtoul(text, nullptr, 10) : 61;
  return number != 0 ? number : 1;
}

}  // namespace

TEST_CASE("tampering: a flipped byte anywhere in the file is found or does no harm") {
  Victim victim;
  REQUIRE(victim.is_whole(victim.good));
  std::size_t whole = 0;
  std::size_t found = 0;
  for (std::size_t at = 0; at < victim.good.size(); at += step()) {
    INFO("byte ", at);
    Bytes bad = victim.good;
    bad[at] ^= 0xff;
    ++(victim.is_whole(bad) ? whole : found);
  }
  MESSAGE(whole, " harmless (in free space), ", found, " found");
  CHECK(found > victim.good.size() / step() / 20);
}

TEST_CASE("tampering: a file that was cut off is found") {
  Victim victim;
  std::vector<std::size_t> sizes{0, 1, 15, 16, 99, 100, 101, 512, victim.good.size() - 1};
  for (std::size_t size = 4096; size < victim.good.size(); size += 4096) {
    for (const std::size_t near : {size - 1, size, size + 1, size + 2048}) {
      if (near < victim.good.size()) sizes.push_back(near);
    }
  }
  for (const std::size_t size : sizes) {
    INFO("size ", size);
    CHECK_FALSE(
        victim.is_whole({victim.good.begin(), victim.good.begin() + static_cast<std::ptrdiff_t>(size)}));
  }
}

TEST_CASE("tampering: a page of the file in another's place is found") {
  Victim victim;
  const std::size_t pages = victim.good.size() / 4096;
  REQUIRE(pages > 4);
  for (std::size_t from = 0; from < pages; ++from) {
    for (std::size_t to = 0; to < pages; ++to) {
      Bytes bad = victim.good;
      std::copy_n(victim.good.begin() + static_cast<std::ptrdiff_t>(from * 4096), 4096,
                  bad.begin() + static_cast<std::ptrdiff_t>(to * 4096));
      if (bad == victim.good) continue;
      INFO("page ", from, " in the place of ", to);
      // An index of which nothing was read is found by the check.
      if (victim.is_whole(bad)) CHECK_FALSE(victim.sound);
    }
  }
}

TEST_CASE("tampering: rows of an older file are what they were, or refused, and never another's") {
  Victim victim;
  const Bytes old = victim.good;
  const fs::path old_path = victim.folder / "old.db";
  // Since then: one is deleted, one renamed, one is new, the counters go on, and there is another PIN.
  victim.open();
  REQUIRE(*victim.store->erase(victim.credentials[0].id));
  auto renamed = victim.credentials[1].clone();
  renamed.user.name = "renamed";
  REQUIRE(*victim.store->update(renamed));
  const auto fresh = victim.put("example.com", "fresh");
  for (int i = 0; i < 5; ++i) REQUIRE(victim.store->next_sign_count(renamed.id).has_value());
  REQUIRE(victim.store->save(RecordKind::pin, Bytes{7}).has_value());
  REQUIRE(victim.store->save(RecordKind::config, Bytes{8}).has_value());
  victim.close();
  const auto keys = victim.keys();
  write_file(old_path, old);
  const auto run = [&](const std::string& sql) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(victim.path.c_str(), &handle) == SQLITE_OK);
    REQUIRE(sqlite3_exec(handle, ("ATTACH '" + old_path.string() + "' AS old; " + sql).c_str(), nullptr,
                         nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(handle);
    victim.open();
  };
  SUBCASE("all credentials of the older file, in the gaps that are left") {
    run("INSERT OR IGNORE INTO credentials SELECT * FROM old.credentials");
    const auto found = victim.store->find_by_rp(rp_hash("example.com"));
    REQUIRE(found.has_value());
    for (const auto& credential : *found) {
      const bool known = same(credential, renamed) || same(credential, fresh) ||
                         same(credential, victim.credentials[0]) || same(credential, victim.credentials[2]);
      CHECK(known);
    }
    CHECK(same(**victim.store->find(fresh.id), fresh));
  }
  SUBCASE("all credentials of the older file, in the new ones' stead") {
    run("INSERT OR REPLACE INTO credentials SELECT * FROM old.credentials");
    const auto found = victim.store->find_by_rp(rp_hash("example.com"));
    REQUIRE(found.has_value());
    for (const auto& credential : *found) {
      CHECK(credential.rp_id == "example.com");
    }
  }
  SUBCASE("the sealed bytes alone, under the new rows' tags") {
    run("UPDATE credentials SET sealed = (SELECT sealed FROM old.credentials o WHERE o.place <> "
        "credentials.place LIMIT 1)");
    CHECK_FALSE(victim.store->find(fresh.id).has_value());
    CHECK(victim.store->check()->damaged_credentials == 4);
  }
  SUBCASE("a record of a kind that was erased since") {
    victim.open();
    REQUIRE(victim.store->reset().has_value());
    victim.close();
    run("INSERT OR IGNORE INTO records SELECT * FROM old.records WHERE tag = " +
        literal(keys.record_tag(RecordKind::pin)));
    CHECK_FALSE(victim.store->load(RecordKind::pin)->has_value());
  }
}

}  // namespace keystore_tampering_test
