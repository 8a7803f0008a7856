// Signature counters by lease: most counts write nothing, none ever comes back, and a store that is closed
// well skips none.
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <set>

#include "keystore/counter_table.h"
#include "keystore_fixture.h"

namespace keystore_counters_test {

using namespace fauxkey;
using namespace fauxkey::test;
namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t kLease = keystore::CounterTable::kLease;

/// Runs `body` on the store in a process that ends as a killed one does.
void in_killed_process(DiskStore& disk, const std::function<void(CredentialStore&)>& body) {
  disk.close();
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    disk.open();
    body(*disk.store);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  disk.open();
}

std::uintmax_t log_size(const DiskStore& disk) {
  const fs::path log = disk.path.string() + "-wal";
  return fs::exists(log) ? fs::file_size(log) : 0;
}

Bytes id_of(std::uint32_t number) {
  Bytes id(32, 0);
  for (int i = 0; i < 4; ++i) id[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}

}  // namespace

TEST_CASE("counters: what is counted within a lease writes nothing") {
  DiskStore disk;
  const Bytes id(32, 1);
  REQUIRE(*disk.store->next_sign_count(id) == 1);
  const auto before = log_size(disk);
  REQUIRE(before > 0);
  for (std::uint32_t i = 2; i <= kLease; ++i) REQUIRE(*disk.store->next_sign_count(id) == i);
  CHECK(log_size(disk) == before);
  REQUIRE(*disk.store->next_sign_count(id) == kLease + 1);
  CHECK(log_size(disk) > before);
}

TEST_CASE("counters: a store that was closed goes on with the next count, and knows when it was used") {
  DiskStore disk;
  const Bytes id(32, 1);
  for (std::uint32_t expected = 1; expected < 200; ++expected) {
    disk.clock.advance(std::chrono::hours{1});
    REQUIRE(*disk.store->next_sign_count(id) == expected);
    if (expected % 7 != 0) continue;
    disk.open();
    CHECK(disk.store->sign_counter(id)->count == expected);
    CHECK(disk.store->sign_counter(id)->last_used == disk.clock.unix_time());
  }
}

TEST_CASE("counters: after a kill they skip ahead, by a lease at most") {
  DiskStore disk;
  const Bytes id(32, 1);
  std::uint32_t last = 0;
  for (const std::uint32_t times : {1U, 5U, kLease - 1, kLease, kLease + 1, 3 * kLease}) {
    in_killed_process(disk, [&](CredentialStore& store) {
      for (std::uint32_t i = 0; i < times; ++i) static_cast<void>(store.next_sign_count(id));
    });
    const auto next = *disk.store->next_sign_count(id);
    CHECK(next > last + times);
    CHECK(next <= last + times + kLease + 1);
    last = next;
    CHECK(disk.store->sign_counter(id)->count == last);
  }
}

TEST_CASE("counters: a raised counter is raised after a kill too") {
  DiskStore disk;
  const Bytes leased(32, 1);
  const Bytes other(32, 2);
  in_killed_process(disk, [&](CredentialStore& store) {
    static_cast<void>(store.next_sign_count(leased));
    static_cast<void>(store.raise_sign_count(leased, 40));
    static_cast<void>(store.raise_sign_count(other, 1000));
  });
  CHECK(*disk.store->next_sign_count(leased) > 40);
  CHECK(*disk.store->next_sign_count(other) == 1001);
  in_killed_process(disk, [&](CredentialStore& store) {
    static_cast<void>(store.next_sign_count(leased));
    static_cast<void>(store.raise_sign_count(leased, 5000));
  });
  CHECK(*disk.store->next_sign_count(leased) > 5000);
}

TEST_CASE("counters: the written counts are exact when asked for") {
  DiskStore disk;
  const Bytes id(32, 1);
  in_killed_process(disk, [&](CredentialStore& store) {
    for (int i = 0; i < 10; ++i) static_cast<void>(store.next_sign_count(id));
    static_cast<void>(static_cast<SqliteStore&>(store).write_counters());
  });
  CHECK(*disk.store->next_sign_count(id) == 11);
}

TEST_CASE("counters: more of them than are leased at a time all go on exactly") {
  DiskStore disk;
  constexpr auto kMany = static_cast<std::uint32_t>(keystore::CounterTable::kMaxLeases) + 50;
  for (const std::uint32_t turn : {1U, 2U}) {
    for (std::uint32_t number = 0; number < kMany; ++number) {
      REQUIRE(*disk.store->next_sign_count(id_of(number)) == turn);
    }
  }
  disk.open();
  for (std::uint32_t number = 0; number < kMany; number += 97) {
    CHECK(*disk.store->next_sign_count(id_of(number)) == 3);
  }
  CHECK(disk.store->check()->sound());
}

TEST_CASE("counters: the last count of all is given, and no other") {
  DiskStore disk;
  const Bytes id(32, 1);
  constexpr std::uint32_t kLast = ~std::uint32_t{0};
  REQUIRE(disk.store->raise_sign_count(id, kLast - 3).has_value());
  for (const std::uint32_t left : {2U, 1U}) CHECK(*disk.store->next_sign_count(id) == kLast - left);
  disk.open();
  CHECK(*disk.store->next_sign_count(id) == kLast);
  CHECK_FALSE(disk.store->next_sign_count(id).has_value());
  disk.open();
  CHECK_FALSE(disk.store->next_sign_count(id).has_value());
}

}  // namespace keystore_counters_test
