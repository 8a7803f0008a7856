// The contract of include/fauxkey/credential_store.h, held to by every store.
#include <algorithm>
#include <map>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "keystore/limits.h"
#include "keystore_fixture.h"

namespace keystore_contract_test {

using namespace fauxkey;
using namespace fauxkey::test;

namespace {

struct InMemory {
  ManualClock time;
  MemoryStore memory{time};
  CredentialStore& store() { return memory; }
  ManualClock& clock() { return time; }
};
struct OnDisk {
  DiskStore disk;
  CredentialStore& store() { return *disk.store; }
  ManualClock& clock() { return disk.clock; }
};

std::vector<std::string> names(const std::vector<Credential>& credentials) {
  std::vector<std::string> out;
  for (const auto& credential : credentials)
    out.emplace_back(credential.user.id.begin(), credential.user.id.end());
  return out;
}
using Names = std::vector<std::string>;

Names names_of(CredentialStore& store, const char* rp_id) {
  const auto found = store.find_by_rp(rp_hash(rp_id));
  REQUIRE(found.has_value());
  return names(*found);
}

}  // namespace

TEST_CASE_TEMPLATE("keystore: a credential comes back as it was put", Kind, InMemory, OnDisk) {
  Kind kind;
  SystemRandom random;
  auto credential = make_credential(random, "example.com", "alice");
  SUBCASE("with every field") {}
  SUBCASE("without the optional ones") {
    credential.rp_name.reset();
    credential.user.name.reset();
    credential.user.display_name.reset();
    credential.rp_id.clear();
  }
  SUBCASE("with empty names") {
    credential.rp_name = "";
    credential.user.name = "";
    credential.user.display_name = "";
  }
  SUBCASE("with names cut within a character") { credential.user.name = "Zo\xc3"; }
  SUBCASE("with Ed25519 and the strictest protection") {
    credential.algorithm = Algorithm::eddsa;
    credential.cred_protect = CredProtect::required;
    credential.discoverable = false;
    credential.created_at = -1;
  }
  SUBCASE("with what extensions add") {
    credential.cred_blob = Bytes(64, 7);
    credential.large_blob_key = SecretBytes::copy_of(random.bytes<32>());
    credential.third_party_payment = true;
    credential.supports_large_blob = true;
    credential.large_blob = LargeBlob{Bytes(2000, 8), 5000};
  }
  SUBCASE("with an empty large blob") { credential.large_blob = LargeBlob{}; }
  SUBCASE("with every algorithm") {
    for (const auto algorithm : kAlgorithms) {
      credential.algorithm = algorithm;
      REQUIRE(kind.store().put(credential).has_value());
      CHECK((*kind.store().find(credential.id))->algorithm == algorithm);
    }
  }
  SUBCASE("with the longest ids") {
    credential.id.assign(255, 0xff);
    credential.user.id.assign(64, 0);
  }
  SUBCASE("with long names") {
    credential.user.name = std::string(3000, 'n');
    credential.user.display_name = std::string(3000, 'd');
  }
  REQUIRE(kind.store().put(credential).has_value());
  const auto found = kind.store().find(credential.id);
  REQUIRE(found.has_value());
  REQUIRE(found->has_value());
  CHECK(same(**found, credential));
  const auto by_rp = kind.store().find_by_rp(credential.rp_id_hash);
  REQUIRE(by_rp.has_value());
  REQUIRE(by_rp->size() == 1);
  CHECK(same(by_rp->front(), credential));
}

TEST_CASE_TEMPLATE("keystore: each change of the credentials gives a revision that was never there before",
                   Kind, InMemory, OnDisk) {
  Kind kind;
  SystemRandom random;
  auto& store = kind.store();
  std::set<std::uint64_t> seen{*store.revision()};
  const auto is_new = [&] { return seen.insert(*store.revision()).second; };
  auto credential = make_credential(random, "example.com", "alice");
  REQUIRE(store.put(credential).has_value());
  CHECK(is_new());
  credential.user.name = "another";
  REQUIRE(*store.update(credential));
  CHECK(is_new());
  REQUIRE(*store.erase(credential.id));
  CHECK(is_new());
  REQUIRE(store.reset().has_value());
  CHECK(is_new());
  // What changes no credential keeps it.
  CHECK_FALSE(*store.erase(credential.id));
  CHECK_FALSE(*store.update(credential));
  REQUIRE(store.next_sign_count(credential.id).has_value());
  REQUIRE(store.save(RecordKind::pin, Bytes{1}).has_value());
  CHECK_FALSE(is_new());
}

TEST_CASE_TEMPLATE("keystore: what was never put is not found", Kind, InMemory, OnDisk) {
  Kind kind;
  SystemRandom random;
  auto& store = kind.store();
  REQUIRE(store.put(make_credential(random, "example.com", "alice")).has_value());
  CHECK_FALSE(store.find(random.bytes<32>())->has_value());
  CHECK_FALSE(store.find({})->has_value());
  CHECK(store.find_by_rp(rp_hash("example.org"))->empty());
  CHECK_FALSE(store.load(RecordKind::pin)->has_value());
  CHECK_FALSE(*store.erase(random.bytes<32>()));
  CHECK_FALSE(*store.update(make_credential(random, "example.com", "bob")));
  CHECK(*store.count() == 1);
}

TEST_CASE_TEMPLATE("keystore: a credential replaces the one of the same relying party and user", Kind,
                   InMemory, OnDisk) {
  Kind kind;
  SystemRandom random;
  auto& store = kind.store();
  const auto old = make_credential(random, "example.com", "alice");
  const auto elsewhere = make_credential(random, "example.org", "alice");
  REQUIRE(store.put(old).has_value());
  REQUIRE(store.put(elsewhere).has_value());
  REQUIRE(store.put(make_credential(random, "example.com", "bob")).has_value());
  const auto fresh = make_credential(random, "example.com", "alice");
  REQUIRE(store.put(fresh).has_value());
  CHECK_FALSE(store.find(old.id)->has_value());
  CHECK(store.find(fresh.id)->has_value());
  CHECK(store.find(elsewhere.id)->has_value());
  CHECK(*store.count() == 3);
  CHECK(names_of(store, "example.com") == Names{"alice", "bob"});
}

TEST_CASE_TEMPLATE("keystore: the credentials of a relying party come newest first", Kind, InMemory, OnDisk) {
  Kind kind;
  SystemRandom random;
  auto& store = kind.store();
  for (const char* user : {"a", "b", "c"}) {
    REQUIRE(store.put(make_credential(random, "example.com", user)).has_value());
    REQUIRE(store.put(make_credential(random, "other.example", user)).has_value());
  }
  CHECK(names_of(store, "example.com") == Names{"c", "b", "a"});
}

TEST_CASE_TEMPLATE("keystore: an update changes a credential and not its place", Kind, InMemory, OnDisk) {
  Kind kind;
  SystemRandom random;
  auto& store = kind.store();
  auto first = make_credential(random, "example.com", "a");
  REQUIRE(store.put(first).has_value());
  REQUIRE(store.put(make_credential(random, "example.com", "b")).has_value());
  first.user.display_name = "A new name";
  CHECK(*store.update(first));
  CHECK(names_of(store, "example.com") == Names{"b", "a"});
  CHECK(same(**store.find(first.id), first));
  SUBCASE("and never moves it to another user") {
    auto moved = first.clone();
    moved.user.id = {'b'};
    CHECK_FALSE(*store.update(moved));
    CHECK(same(**store.find(first.id), first));
  }
}

TEST_CASE_TEMPLATE("keystore: an erased credential is gone, the others stay", Kind, InMemory, OnDisk) {
  Kind kind;
  SystemRandom random;
  auto& store = kind.store();
  const auto gone = make_credential(random, "example.com", "a");
  const auto stays = make_credential(random, "example.com", "b");
  REQUIRE(store.put(gone).has_value());
  REQUIRE(store.put(stays).has_value());
  CHECK(*store.erase(gone.id));
  CHECK_FALSE(*store.erase(gone.id));
  CHECK_FALSE(store.find(gone.id)->has_value());
  CHECK(names_of(store, "example.com") == Names{"b"});
  CHECK(*store.count() == 1);
}

TEST_CASE_TEMPLATE("keystore: pages give every credential once, always in the same order", Kind, InMemory,
                   OnDisk) {
  Kind kind;
  SystemRandom random;
  auto& store = kind.store();
  Names expected;
  std::vector<Bytes> ids;
  for (int i = 0; i < 7; ++i) {
    expected.push_back("user" + std::to_string(i));
    const auto credential = make_credential(random, i < 5 ? "example.com" : "example.org", expected.back());
    ids.push_back(credential.id);
    REQUIRE(store.put(credential).has_value());
  }
  const auto walk = [&](std::size_t limit, auto turn) {
    Names all;
    std::uint64_t cursor = 0;
    do {
      const StoreResult<CredentialStore::Page> page = turn(cursor, limit);
      REQUIRE(page.has_value());
      REQUIRE(page->credentials.size() <= limit);
      for (const auto& name : names(page->credentials)) all.push_back(name);
      cursor = page->next_cursor;
      REQUIRE(all.size() <= 7);
    } while (cursor != 0);
    return all;
  };
  const auto any = [&](std::uint64_t cursor, std::size_t limit) { return store.page(cursor, limit); };
  const auto of_one = [&](std::uint64_t cursor, std::size_t limit) {
    return store.page_by_rp(rp_hash("example.com"), cursor, limit);
  };
  const auto relying_parties = [&](std::uint64_t cursor, std::size_t limit) {
    return store.page_relying_parties(cursor, limit);
  };
  const auto sorted = [](Names list) {
    std::ranges::sort(list);
    return list;
  };
  const Names first = walk(100, any);
  CHECK(sorted(first) == expected);
  const Names first_of_one = walk(100, of_one);
  CHECK(sorted(first_of_one) == Names{"user0", "user1", "user2", "user3", "user4"});
  for (const std::size_t limit : {1U, 3U, 5U, 7U}) {
    CHECK(walk(limit, any) == first);
    CHECK(walk(limit, of_one) == first_of_one);
    CHECK(walk(limit, relying_parties).size() == 2);
  }
  CHECK(*store.count_relying_parties() == 2);
  SUBCASE("those of one relying party none of another's") {
    CHECK(store.page_by_rp(rp_hash("example.net"), 0, 10)->credentials.empty());
  }
  SUBCASE("and the others, where one is erased between two pages") {
    bool erased = false;
    const Names found = walk(3, [&](std::uint64_t cursor, std::size_t limit) {
      if (cursor != 0 && !std::exchange(erased, true)) {
        const auto next = std::ranges::find(expected, first[3]) - expected.begin();
        REQUIRE(*store.erase(ids[static_cast<std::size_t>(next)]));
      }
      return store.page(cursor, limit);
    });
    Names left = first;
    left.erase(left.begin() + 3);
    CHECK(found == left);
  }
  SUBCASE("a relying party whose first credential is erased is still one") {
    for (int i = 0; i < 4; ++i) {
      REQUIRE(*store.erase(ids[static_cast<std::size_t>(i)]));
      CHECK(walk(1, relying_parties).size() == 2);
      CHECK(walk(1, of_one).size() == static_cast<std::size_t>(4 - i));
      CHECK(*store.count_relying_parties() == 2);
    }
    REQUIRE(*store.erase(ids[4]));
    CHECK(walk(1, relying_parties).size() == 1);
    CHECK(*store.count_relying_parties() == 1);
  }
  SUBCASE("and a cursor beyond the end gives an empty page") {
    for (const std::uint64_t cursor : {std::uint64_t{1} << 63U, ~std::uint64_t{0}}) {
      for (const auto& page : {any(cursor, 10), of_one(cursor, 10), relying_parties(cursor, 10)}) {
        REQUIRE(page.has_value());
        CHECK(page->credentials.empty());
        CHECK(page->next_cursor == 0);
      }
    }
  }
}

TEST_CASE_TEMPLATE(
    "keystore: whatever is put and erased, each relying party has what it should, newest first", Kind,
    InMemory, OnDisk) {
  Kind kind;
  SystemRandom random;
  SeededRandom dice{5};
  auto& store = kind.store();
  std::map<std::string, std::vector<Credential>> model;  // oldest first
  const auto below = [&](std::size_t limit) { return std::size_t{dice.bytes<1>()[0]} % limit; };
  for (int step = 0; step < 400; ++step) {
    const std::string rp_id = std::string(1, "abc"[below(3)]) + ".example";
    auto& mine = model[rp_id];
    if (below(3) == 0 && !mine.empty()) {
      const std::size_t which = below(mine.size());
      REQUIRE(*store.erase(mine[which].id));
      mine.erase(mine.begin() + static_cast<std::ptrdiff_t>(which));
    } else {
      auto credential = make_credential(random, rp_id, "user" + std::to_string(below(12)));
      REQUIRE(store.put(credential).has_value());
      std::erase_if(mine, [&](const auto& one) { return one.user.id == credential.user.id; });
      mine.push_back(std::move(credential));
    }
    if (step % 20 != 19) continue;
    std::size_t total = 0;
    std::size_t relying_parties = 0;
    for (const auto& [id, expected] : model) {
      const auto found = store.find_by_rp(rp_hash(id));
      REQUIRE(found.has_value());
      REQUIRE(found->size() == expected.size());
      CHECK(std::equal(found->begin(), found->end(), expected.rbegin(), expected.rend(), same));
      CHECK(store.page_by_rp(rp_hash(id), 0, 100)->credentials.size() == expected.size());
      total += expected.size();
      if (!expected.empty()) ++relying_parties;
    }
    CHECK(*store.count() == total);
    CHECK(*store.count_relying_parties() == relying_parties);
  }
}

TEST_CASE("keystore: a store in memory becomes what another one is, but its revision is one that never was") {
  SystemRandom random;
  MemoryStore store;
  const auto kept = make_credential(random, "a.example", "alice");
  REQUIRE(store.put(kept));
  REQUIRE(*store.next_sign_count(kept.id) == 1);
  REQUIRE(store.save(RecordKind::config, Bytes{1}));
  MemoryStore then;
  then.become(store);

  std::vector<std::uint64_t> revisions{*store.revision()};
  REQUIRE(*store.erase(kept.id));
  REQUIRE(store.put(make_credential(random, "b.example", "bob")));
  REQUIRE(*store.next_sign_count(kept.id) == 2);
  REQUIRE(store.save(RecordKind::config, Bytes{2}));
  REQUIRE(store.save(RecordKind::pin, Bytes{3}));
  revisions.push_back(*store.revision());
  for (int i = 0; i < 2; ++i) {
    store.become(then);
    CHECK(*store.count() == 1);
    CHECK(store.find(kept.id)->has_value());
    CHECK(store.find_by_rp(rp_hash("a.example"))->size() == 1);
    CHECK(store.find_by_rp(rp_hash("b.example"))->empty());
    CHECK(store.sign_counter(kept.id)->count == 1);
    CHECK(std::ranges::equal(store.load(RecordKind::config)->value().view(), Bytes{1}));
    CHECK_FALSE(store.load(RecordKind::pin)->has_value());
    CHECK(std::ranges::find(revisions, *store.revision()) == revisions.end());
    revisions.push_back(*store.revision());
  }
  store.become(store);
  CHECK(*store.count() == 1);
}

TEST_CASE_TEMPLATE("keystore: a signature counter starts at 1 and grows by one, each credential its own",
                   Kind, InMemory, OnDisk) {
  Kind kind;
  SystemRandom random;
  auto& store = kind.store();
  const auto a = random.bytes<32>();
  const auto b = random.bytes<200>();  // as a wrapped credential's
  for (std::uint32_t i = 1; i <= 5; ++i) CHECK(*store.next_sign_count(a) == i);
  CHECK(*store.next_sign_count(b) == 1);
  CHECK(*store.next_sign_count(a) == 6);
}

TEST_CASE_TEMPLATE("keystore: to look at a counter does not raise it", Kind, InMemory, OnDisk) {
  Kind kind;
  auto& store = kind.store();
  const Bytes id(32, 1);
  CHECK(store.sign_counter(id)->count == 0);
  CHECK(store.sign_counter(id)->last_used == 0);
  for (std::uint32_t used = 1; used <= 2; ++used) {
    kind.clock().advance(std::chrono::hours{1});
    REQUIRE(*store.next_sign_count(id) == used);
    const auto then = kind.clock().unix_time();
    kind.clock().advance(std::chrono::hours{1});
    for (int i = 0; i < 2; ++i) CHECK(store.sign_counter(id)->count == used);
    CHECK(store.sign_counter(id)->last_used == then);
  }
  CHECK(store.sign_counter(Bytes(32, 2))->count == 0);
}

TEST_CASE_TEMPLATE("keystore: a raised counter goes on from there, and none is lowered", Kind, InMemory,
                   OnDisk) {
  Kind kind;
  auto& store = kind.store();
  const Bytes id(32, 1);
  REQUIRE(store.raise_sign_count(id, 1000).has_value());
  CHECK(store.sign_counter(id)->count == 1000);
  CHECK(store.sign_counter(id)->last_used == 0);
  CHECK(*store.next_sign_count(id) == 1001);
  const auto used = store.sign_counter(id)->last_used;
  for (const std::uint32_t lower : {0U, 5U, 1000U, 1001U}) {
    REQUIRE(store.raise_sign_count(id, lower).has_value());
    CHECK(store.sign_counter(id)->count == 1001);
  }
  for (const std::uint32_t higher : {1010U, 1'000'000U, keystore::kMaxSignCount - 1}) {
    REQUIRE(store.raise_sign_count(id, higher).has_value());
    CHECK(store.sign_counter(id)->count == higher);
    CHECK(store.sign_counter(id)->last_used == used);
    CHECK(*store.next_sign_count(id) == higher + 1);
  }
  const auto exhausted = store.next_sign_count(id);
  REQUIRE_FALSE(exhausted.has_value());
  check_sentence(exhausted.error());
}

TEST_CASE_TEMPLATE("keystore: many credentials are put in one step", Kind, InMemory, OnDisk) {
  Kind kind;
  SystemRandom random;
  auto& store = kind.store();
  REQUIRE(store.put(make_credential(random, "example.com", "a")).has_value());
  std::vector<Credential> many;
  for (const char* user : {"b", "c", "a", "c"}) many.push_back(make_credential(random, "example.com", user));
  const auto before = *store.revision();
  REQUIRE(store.put_all(many).has_value());
  CHECK(names_of(store, "example.com") == Names{"c", "a", "b"});
  CHECK(*store.count() == 3);
  CHECK(*store.revision() > before);
  CHECK(store.find(many[3].id)->has_value());
  CHECK_FALSE(store.find(many[1].id)->has_value());

  SUBCASE("and none of them where one is too large") {
    std::vector<Credential> refused;
    refused.push_back(make_credential(random, "example.com", "d"));
    refused.push_back(make_credential(random, "example.com", "e"));
    refused[1].user.name = std::string(keystore::kMaxRecord + 1, 'x');
    CHECK_FALSE(store.put_all(refused).has_value());
    CHECK(*store.count() == 3);
    CHECK_FALSE(store.find(refused[0].id)->has_value());
  }
  SUBCASE("also none at all") { CHECK(store.put_all({}).has_value()); }
}

TEST_CASE_TEMPLATE("keystore: a counter goes on after its credential was erased and put again", Kind,
                   InMemory, OnDisk) {
  Kind kind;
  SystemRandom random;
  auto& store = kind.store();
  const auto credential = make_credential(random, "example.com", "a");
  REQUIRE(store.put(credential).has_value());
  CHECK(*store.next_sign_count(credential.id) == 1);
  CHECK(*store.erase(credential.id));
  REQUIRE(store.put(credential).has_value());
  CHECK(*store.next_sign_count(credential.id) == 2);
}

TEST_CASE_TEMPLATE("keystore: each state record holds what was saved last", Kind, InMemory, OnDisk) {
  Kind kind;
  auto& store = kind.store();
  const Bytes pin{1, 2, 3};
  const Bytes large(200'000, 7);
  REQUIRE(store.save(RecordKind::pin, Bytes{9, 9}).has_value());
  REQUIRE(store.save(RecordKind::pin, pin).has_value());
  REQUIRE(store.save(RecordKind::config, {}).has_value());
  REQUIRE(store.save(RecordKind::attestation, large).has_value());
  CHECK(std::ranges::equal((*store.load(RecordKind::pin))->view(), pin));
  REQUIRE(store.load(RecordKind::config)->has_value());
  CHECK((*store.load(RecordKind::config))->empty());
  CHECK(std::ranges::equal((*store.load(RecordKind::attestation))->view(), large));
  CHECK_FALSE(store.load(RecordKind::wrap_key)->has_value());
}

TEST_CASE_TEMPLATE("keystore: too large a record is refused and the old one stays", Kind, InMemory, OnDisk) {
  Kind kind;
  SystemRandom random;
  auto& store = kind.store();
  REQUIRE(store.save(RecordKind::config, Bytes(keystore::kMaxRecord, 1)).has_value());
  const auto refused = store.save(RecordKind::config, Bytes(keystore::kMaxRecord + 1, 2));
  REQUIRE_FALSE(refused.has_value());
  check_sentence(refused.error());
  CHECK((*store.load(RecordKind::config))->size() == keystore::kMaxRecord);

  auto credential = make_credential(random, "example.com", "a");
  credential.user.display_name = std::string(keystore::kMaxRecord, 'x');
  CHECK_FALSE(store.put(credential).has_value());
  CHECK_FALSE(store.update(credential).has_value());
  CHECK(*store.count() == 0);
}

TEST_CASE_TEMPLATE("keystore: a reset erases all but the attestation record", Kind, InMemory, OnDisk) {
  Kind kind;
  SystemRandom random;
  auto& store = kind.store();
  const auto credential = make_credential(random, "example.com", "a");
  REQUIRE(store.put(credential).has_value());
  REQUIRE(store.next_sign_count(credential.id).has_value());
  for (const auto record :
       {RecordKind::wrap_key, RecordKind::pin, RecordKind::attestation, RecordKind::config}) {
    REQUIRE(store.save(record, Bytes{static_cast<std::uint8_t>(record)}).has_value());
  }
  REQUIRE(store.reset().has_value());
  CHECK(*store.count() == 0);
  CHECK_FALSE(store.find(credential.id)->has_value());
  CHECK(store.find_by_rp(credential.rp_id_hash)->empty());
  CHECK(store.page(0, 10)->credentials.empty());
  for (const auto record : {RecordKind::wrap_key, RecordKind::pin, RecordKind::config}) {
    CHECK_FALSE(store.load(record)->has_value());
  }
  CHECK((*store.load(RecordKind::attestation))->view()[0] == 3);
  CHECK(*store.next_sign_count(credential.id) == 1);
  REQUIRE(store.put(credential).has_value());
  CHECK(*store.count() == 1);
}

TEST_CASE_TEMPLATE("keystore: threads that use one credential never get the same count", Kind, InMemory,
                   OnDisk) {
  Kind kind;
  auto& store = kind.store();
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  const Bytes id(32, 1);
  std::vector<std::vector<std::uint32_t>> seen(kThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : seen) {
      threads.emplace_back([&] {
        SystemRandom random;
        for (int i = 0; i < kEach; ++i) {
          mine.push_back(store.next_sign_count(id).value_or(0));
          if (!store.put(make_credential(random, "example.com", "u" + std::to_string(i)))) mine.push_back(0);
        }
      });
    }
  }
  std::set<std::uint32_t> all;
  for (const auto& mine : seen) all.insert(mine.begin(), mine.end());
  CHECK(all.size() == kThreads * kEach);
  CHECK(*all.begin() == 1);
  CHECK(*all.rbegin() == kThreads * kEach);
  CHECK(*store.count() == kEach);
}

}  // namespace keystore_contract_test
