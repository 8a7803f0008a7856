// Kills a writer with SIGKILL at random moments and looks whether its keystore holds all that was
// acknowledged: each operation up to the last acknowledged one, and either nothing or all of the one that was
// under way. First the same with the making of new keystores.
//
//   fauxkey_keystore_kill9 [--rounds N] [--seed N] [--folder DIR]
//
// Exit status 0: nothing lost, no counter back, all readable. (The kernel outlives the process here, so this
// shows nothing about a power cut; for that the store syncs each commit.)
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <thread>

#include "comparison.h"
#include "fauxkey/clock.h"
#include "keystore/sqlite_store.h"
#include "model.h"

namespace {

using namespace kill9;
namespace fs = std::filesystem;
using std::chrono::microseconds;

struct Place {
  fs::path folder;
  [[nodiscard]] auto open(Random& random, Clock& clock) const {
    return SqliteStore::open(folder / "keystore.db",
                             {UnlockSource::Kind::key_file, (folder / "unlock.key").string(), -1}, random,
                             clock);
  }
};

/// Goes on from `next` until it is killed; writes each operation's number to `acknowledge` once it is done.
[[noreturn]] void write_until_killed(const Place& place, std::uint64_t seed, Model model, std::uint64_t next,
                                     int acknowledge) {
  SystemRandom random;
  SystemClock clock;
  auto store = place.open(random, clock);
  if (!store) {
    std::fprintf(stderr, "writer: %s\n", store.error().message.c_str());
    ::_exit(3);
  }
  for (;; ++next) {
    const Operation now = operation(seed, next);
    if (!perform(**store, seed, model, now)) {
      std::fprintf(stderr, "writer: operation %llu failed\n", static_cast<unsigned long long>(next));
      ::_exit(4);
    }
    model.apply(seed, now);
    if (::write(acknowledge, &next, sizeof next) != static_cast<ssize_t>(sizeof next)) ::_exit(5);
  }
}

/// Runs `body` in a process that is killed after `delay`; what it acknowledged. `start` is false where the
/// delay begins at once and not with the first acknowledgement.
template <class Body>
std::vector<std::uint64_t> killed_after(microseconds delay, bool from_first, const Body& body) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) std::exit(2);
  const pid_t child = ::fork();
  if (child < 0) std::exit(2);
  if (child == 0) {
    ::close(pipe[0]);
    body(pipe[1]);
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::vector<std::uint64_t> acknowledged;
  const auto read_one = [&] {
    std::uint64_t number = 0;
    if (::read(pipe[0], &number, sizeof number) != static_cast<ssize_t>(sizeof number)) return false;
    acknowledged.push_back(number);
    return true;
  };
  if (from_first) read_one();
  std::this_thread::sleep_for(delay);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  while (read_one()) {
  }
  ::close(pipe[0]);
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) std::exit(2);  // it has said why
  return acknowledged;
}

/// Kills while a keystore and its key file are made: the next start must get a store, with no wait and no
/// word.
Findings kill_while_made(const fs::path& folder, int rounds, std::mt19937_64& dice) {
  Findings findings;
  SystemRandom random;
  SystemClock clock;
  const auto start = std::chrono::steady_clock::now();
  if (!Place{folder / "whole"}.open(random, clock)) ++findings.unreadable;
  const auto whole = std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - start);
  int unmade = 0;
  for (int round = 0; round < rounds; ++round) {
    const Place place{folder / ("new" + std::to_string(round))};
    const microseconds delay{std::uniform_int_distribution<std::int64_t>{0, whole.count() * 3 / 2}(dice)};
    killed_after(delay, false, [&](int /*acknowledge*/) {
      SystemRandom child_random;
      const auto store = place.open(child_random, clock);
      ::pause();
    });
    if (!fs::exists(place.folder / "keystore.db")) ++unmade;
    const auto store = place.open(random, clock);
    if (!store) {
      std::printf("  creation %d: %s\n", round, store.error().message.c_str());
      ++findings.unreadable;
    } else if (!(*store)->check()->sound() || !(*store)->next_sign_count(Bytes(32, 1))) {
      ++findings.unreadable;
    }
  }
  std::printf("creation: %d kills, %d before the file was there, %d stores that do not open\n", rounds,
              unmade, findings.unreadable);
  return findings;
}

Findings kill_while_written(const Place& place, int rounds, std::uint64_t seed, std::mt19937_64& dice) {
  Findings total;
  SystemRandom random;
  SystemClock clock;
  Model model;
  std::uint64_t next = 1;
  std::uint64_t under_way = 0;
  for (int round = 0; round < rounds; ++round) {
    // One in eight is killed while it opens the store, which may mean while it recovers the log.
    const bool early = round % 8 == 7;
    const microseconds delay{std::uniform_int_distribution{0, early ? 3'000 : 20'000}(dice)};
    const auto acknowledged = killed_after(
        delay, !early, [&](int acknowledge) { write_until_killed(place, seed, model, next, acknowledge); });
    const std::map<Bytes, std::uint32_t> before = model.counters;
    for (const std::uint64_t number : acknowledged) {
      if (number != next) std::exit(2);
      model.apply(seed, operation(seed, next++));
    }
    Model with_next = model;
    with_next.apply(seed, operation(seed, next));

    const auto store = place.open(random, clock);
    if (!store) {
      std::printf("  round %d: %s\n", round, store.error().message.c_str());
      ++total.unreadable;
      break;
    }
    // All of the operation that was under way, or nothing of it.
    Findings findings = compare(**store, seed, model);
    bool took_next = false;
    if (!findings.none() && compare(**store, seed, with_next).none()) {
      findings = {};
      took_next = true;
    }
    const Operation last = operation(seed, next);
    const bool was_reset = took_next && last.kind == Operation::Kind::reset;
    // To look at a counter is to count, which takes its time: at all of them now and then and at the end.
    const bool all = round % 20 == 19 || round == rounds - 1;
    findings.add(compare_counters(**store, was_reset ? with_next : model, with_next,
                                  all ? std::map<Bytes, std::uint32_t>{} : before));
    if (took_next) {
      const auto counters = was_reset ? with_next.counters : model.counters;
      model = with_next;
      model.counters = counters;
      ++next;
      ++under_way;
    } else {
      // Whether it was done or not, its effect is the same: it shall not be done a second time.
      ++next;
    }
    if (!findings.none()) {
      std::printf("  round %d (delay %lld us, operation %llu): %d lost, %d back, %d unreadable, %d surplus\n",
                  round, static_cast<long long>(delay.count()), static_cast<unsigned long long>(next),
                  findings.lost, findings.back, findings.unreadable, findings.surplus);
    }
    total.add(findings);
  }
  std::printf(
      "writing: %d kills, %llu operations acknowledged, %llu done but not acknowledged, %zu credentials and "
      "%zu "
      "counters at the end\n",
      rounds, static_cast<unsigned long long>(next - 1), static_cast<unsigned long long>(under_way),
      model.slots.size(), model.counters.size());
  return total;
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 200;
  std::uint64_t seed = std::random_device{}();
  fs::path folder;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--rounds") == 0) rounds = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--seed") == 0) seed = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--folder") == 0) folder = argv[i + 1];
  }
  if (argc % 2 == 0 || rounds < 1) {
    std::fprintf(stderr, "usage: %s [--rounds N] [--seed N] [--folder DIR]\n", argv[0]);
    return 2;
  }
  const bool own_folder = folder.empty();
  if (own_folder) {
    // In memory where there is such a place: what a killed process has written stays there as on any disk,
    // and the kills fall into the program's own steps and not all into the disk's waits. --folder tries a
    // disk.
    const fs::path parent = ::access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : fs::temp_directory_path();
    std::string name = (parent / "fauxkey-kill9-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return 2;
    folder = name;
  }
  std::printf("seed %llu, folder %s\n", static_cast<unsigned long long>(seed), folder.c_str());
  std::fflush(stdout);
  const auto start = std::chrono::steady_clock::now();
  std::mt19937_64 dice{seed};
  Findings findings = kill_while_made(folder, std::max(1, rounds / 5), dice);
  findings.add(kill_while_written({folder / "store"}, rounds, seed, dice));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("%d lost, %d counters back, %d unreadable, %d surplus; %.1f s\n", findings.lost, findings.back,
              findings.unreadable, findings.surplus, took.count());
  // What failed is kept to be looked at.
  if (own_folder && findings.none()) fs::remove_all(folder);
  return findings.none() ? 0 : 1;
}
