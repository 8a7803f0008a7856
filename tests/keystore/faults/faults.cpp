// A scripted day of a keystore, from its making on, with something wrong at its nth write, sync, truncation
// or deletion, for every n. Afterwards the store is opened again and must hold what was acknowledged: nothing
// lost, no counter back, all readable. The same for a file of format 1 that becomes one of today's.
//
//   fauxkey_keystore_faults [--every N] [--seed N] [--at N] [--part days|migration] [--kept FOLDER]
//
// --every 1 (the default is 10) tries each n, --at N that one alone, as a report of this program names it.
// --kept names the folder with format-1.db and format-1.key.
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "../kill9/comparison.h"
#include "fault_vfs.h"
#include "fauxkey/clock.h"
#include "keystore/sqlite_store.h"

namespace {

using namespace kill9;
using faults::Fault;
namespace fs = std::filesystem;

struct Row {
  Fault fault;
  const char* name;
  StoreError::Kind kind;  ///< of errors while the fault lasts
};
using Kind = StoreError::Kind;
constexpr std::array kFaults{
    Row{Fault::fail_write, "a failed write", Kind::io},
    Row{Fault::tear_write, "a torn write", Kind::io},
    Row{Fault::fail_sync, "a failed sync", Kind::io},
    Row{Fault::fail_truncate, "a failed truncation", Kind::io},
    Row{Fault::cut_keeping_nothing, "a cut, unsynced writes lost", Kind::io},
    Row{Fault::cut_keeping_all, "a cut, unsynced writes kept", Kind::io},
    Row{Fault::cut_keeping_some, "a cut, unsynced writes torn", Kind::io},
    Row{Fault::full, "a full disk", Kind::full},
    Row{Fault::read_only, "a read-only disk", Kind::read_only},
    Row{Fault::io_error, "a broken disk", Kind::io},
    Row{Fault::sync_error, "syncs that fail", Kind::io},
};

bool is_cut(Fault fault) {
  return fault == Fault::cut_keeping_nothing || fault == Fault::cut_keeping_all ||
         fault == Fault::cut_keeping_some;
}
bool lasts(Fault fault) {
  return fault == Fault::full || fault == Fault::read_only || fault == Fault::io_error ||
         fault == Fault::sync_error;
}

/// So many operations are done with the store open, twice.
constexpr std::uint64_t kOperations = 24;

class Day {
 public:
  Day(fs::path folder, std::uint64_t seed, const Row& row)
      : folder_{std::move(folder)}, seed_{seed}, row_{row} {}

  /// What was wrong afterwards.
  Findings live(std::uint64_t at) {
    faults::plan(row_.fault, at, seed_);
    for (int half = 0; half < 2 && !dead(); ++half) {
      if (!open()) break;
      for (std::uint64_t i = 0; i < kOperations && !dead(); ++i) operate();
      store_.reset();
    }
    reached_ = faults::happened();
    store_.reset();
    faults::restore_after_cut();
    look();
    return findings_;
  }
  [[nodiscard]] bool reached() const { return reached_; }

 private:
  [[nodiscard]] bool dead() const { return is_cut(row_.fault) && faults::happened(); }
  [[nodiscard]] auto try_open() {
    return SqliteStore::open(folder_ / "keystore.db",
                             {UnlockSource::Kind::key_file, (folder_ / "unlock.key").string(), -1}, random_,
                             clock_);
  }

  bool open() {
    auto opened = try_open();
    if (!opened && !dead()) {
      complain_unless_expected(opened.error());
      faults::mend();
      opened = try_open();
      if (!opened) {
        std::printf("  not opened after the mend: %s\n", opened.error().message.c_str());
        ++findings_.unreadable;
      }
    }
    if (!opened) return false;
    store_ = *std::move(opened);
    adopt();
    return true;
  }

  /// What failed last before the store was closed may have been done all the same, all of it or nothing.
  void adopt() {
    if (!compare(*store_, seed_, model_).none()) {
      for (const Model& perhaps : failed_) {
        if (!compare(*store_, seed_, perhaps).none()) continue;
        // A reset has taken the counters with it.
        const auto counters = perhaps.counters.empty() ? perhaps.counters : model_.counters;
        model_ = perhaps;
        model_.counters = counters;
        break;
      }
    }
    failed_.clear();
  }

  void complain_unless_expected(const StoreError& error) {
    if (faults::happened() && error.kind == row_.kind && error.message.back() == '.') return;
    std::printf("  an error of another kind: %s\n", error.message.c_str());
    ++findings_.surplus;
  }

  /// The script's next operation; whether it was acknowledged.
  void operate() {
    const Operation now = operation(seed_, ++number_);
    Model after = model_;
    after.apply(seed_, now);
    bool done = false;
    if (now.kind == Operation::Kind::count) {
      done = count(now, after);
    } else {
      done = perform(*store_, seed_, model_, now);
    }
    if (done) {
      const bool absent = !model_.slots.contains(now.slot);
      model_ = after;
      // What writes nothing leaves what failed before it where it is.
      const bool writes = now.kind == Operation::Kind::put || now.kind == Operation::Kind::save ||
                          now.kind == Operation::Kind::reset ||
                          (now.kind != Operation::Kind::count && !absent);
      if (writes) failed_.clear();
      return;
    }
    failed_.push_back(after);
    if (dead()) return;
    if (!faults::happened()) {
      std::printf("  operation %llu failed without a fault\n", static_cast<unsigned long long>(number_));
      ++findings_.lost;
    }
    // What failed has changed nothing, and when the disk is well again so is the store.
    findings_.add(compare(*store_, seed_, model_));
    if (lasts(row_.fault) && ++failures_ < 3) return;
    faults::mend();
    if (!store_->save(RecordKind::config, Bytes{1})) {
      std::printf("  not well after the mend\n");
      ++findings_.lost;
    }
    failed_.clear();
  }

  bool count(const Operation& now, Model& after) {
    const auto held = model_.slots.find(now.slot);
    if (held == model_.slots.end()) return true;
    const Bytes id = credential(seed_, held->second.put, now.slot).id;
    const auto given = store_->next_sign_count(id);
    if (!given) {
      if (!dead()) complain_unless_expected(given.error());
      return false;
    }
    if (*given <= model_.counters[id]) ++findings_.back;
    after.counters[id] = *given;
    return true;
  }

  /// At the store with a sound disk.
  void look() {
    faults::plan(Fault::none, 0, 0);
    auto opened = try_open();
    if (!opened) {
      std::printf("  %s\n", opened.error().message.c_str());
      ++findings_.unreadable;
      return;
    }
    store_ = *std::move(opened);
    adopt();
    findings_.add(compare(*store_, seed_, model_));
    const Model same = model_;
    findings_.add(compare_counters(*store_, model_, same, {}));
    if (!store_->put(credential(seed_, 1'000'000, 0)) || !store_->next_sign_count(Bytes(32, 7)))
      ++findings_.lost;
    store_.reset();
  }

  fs::path folder_;
  std::uint64_t seed_;
  const Row& row_;
  SystemRandom random_;
  SystemClock clock_;
  std::unique_ptr<SqliteStore> store_;
  Model model_;
  std::vector<Model> failed_;  ///< as it would be with each operation that failed since one was done
  std::uint64_t number_ = 0;
  int failures_ = 0;
  bool reached_ = false;
  Findings findings_;
};

/// What is in a store, to be compared.
struct Content {
  std::set<std::pair<Bytes, std::uint32_t>> credentials;
  std::vector<Bytes> records;
  bool sound = false;
  friend bool operator==(const Content&, const Content&) = default;
};

class Migration {
 public:
  Migration(fs::path kept, fs::path folder) : kept_{std::move(kept)}, folder_{std::move(folder)} {}

  [[nodiscard]] std::optional<Content> open() {
    const auto opened = SqliteStore::open(
        folder_ / "keystore.db", {UnlockSource::Kind::key_file, (folder_ / "unlock.key").string(), -1},
        random_, clock_);
    if (!opened) {
      said_ = opened.error().message;
      return std::nullopt;
    }
    SqliteStore& store = **opened;
    Content out;
    const auto page = store.page(0, 1000);
    if (page) {
      for (const Credential& one : page->credentials) {
        out.credentials.insert({one.id, store.sign_counter(one.id).value_or(SignCounter{~0U, 0}).count});
      }
    }
    for (int kind = 1; kind <= 10; ++kind) {
      if (static_cast<RecordKind>(kind) == RecordKind::revision) continue;
      const auto record = store.load(static_cast<RecordKind>(kind));
      if (record && *record) out.records.emplace_back((*record)->view().begin(), (*record)->view().end());
    }
    const auto health = store.check();
    out.sound = health && health->sound();
    return out;
  }

  void begin() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    for (const auto& [from, to] : {std::pair{"format-1.db", "keystore.db"}, {"format-1.key", "unlock.key"}}) {
      fs::copy_file(kept_ / from, folder_ / to);
      fs::permissions(folder_ / to, fs::perms::owner_read | fs::perms::owner_write);
    }
  }

  [[nodiscard]] bool survives(const Row& row, std::uint64_t at, const Content& expected) {
    begin();
    faults::plan(row.fault, at, 1);
    auto content = open();
    reached_ = faults::happened();
    if (content && *content != expected && !is_cut(row.fault)) return false;
    if (!content && !is_cut(row.fault)) {
      faults::mend();
      content = open();
      if (!content || *content != expected) return false;
    }
    faults::restore_after_cut();
    faults::plan(Fault::none, 0, 0);
    content = open();
    return content && *content == expected;
  }
  [[nodiscard]] bool reached() const { return reached_; }
  [[nodiscard]] const std::string& said() const { return said_; }

 private:
  fs::path kept_;
  fs::path folder_;
  SystemRandom random_;
  SystemClock clock_;
  bool reached_ = false;
  std::string said_;
};

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t every = 10;
  std::uint64_t seed = 1;
  std::uint64_t only = 0;
  std::string part;
  fs::path kept = fs::path{FAUXKEY_SOURCE_DIR} / "tests/keystore/kept";
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--every") == 0) every = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--seed") == 0) seed = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--at") == 0) only = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--part") == 0) part = argv[i + 1];
    if (std::strcmp(argv[i], "--kept") == 0) kept = argv[i + 1];
  }
  if (argc % 2 == 0 || every < 1) {
    std::fprintf(stderr,
                 "usage: %s [--every N] [--seed N] [--at N] [--part days|migration] [--kept FOLDER]\n",
                 argv[0]);
    return 2;
  }
  const std::uint64_t first = only != 0 ? only : 1 + seed % every;
  const auto goes_on = [&](std::uint64_t at, bool reached) { return only != 0 ? at == only : reached; };
  faults::install();
  const fs::path parent = ::access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : fs::temp_directory_path();
  std::string name = (parent / "fauxkey-faults-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return 2;
  const fs::path folder = name;
  std::printf("seed %llu, folder %s\n", static_cast<unsigned long long>(seed), folder.c_str());
  const auto start = std::chrono::steady_clock::now();

  Findings total;
  int runs = 0;
  const Row none{Fault::none, "nothing", Kind::io};
  {
    Day day{folder / "day", seed, none};
    total.add(day.live(0));
    fs::remove_all(folder / "day");
  }
  for (const Row& row : kFaults) {
    if (part == "migration") break;
    int here = 0;
    int reached = 0;
    // Until there are no more operations of the kind.
    bool last_reached = true;
    for (std::uint64_t at = first; goes_on(at, last_reached); at += every) {
      Day day{folder / "day", seed, row};
      const Findings found = day.live(at);
      if (!found.none()) {
        std::printf("  %s at %llu: %d lost, %d back, %d unreadable, %d surplus\n", row.name,
                    static_cast<unsigned long long>(at), found.lost, found.back, found.unreadable,
                    found.surplus);
      }
      total.add(found);
      fs::remove_all(folder / "day");
      ++here;
      reached += day.reached() ? 1 : 0;
      last_reached = day.reached();
    }
    std::printf("%s: %d times in %d days\n", row.name, reached, here);
    std::fflush(stdout);
    if (reached == 0 && only == 0 && every < 20) ++total.surplus;
    runs += reached;
  }

  Migration migration{kept, folder / "migration"};
  migration.begin();
  faults::plan(Fault::none, 0, 0);
  const auto expected = migration.open();
  if (!expected || expected->credentials.empty() || expected->records.empty() || !expected->sound) {
    std::printf("  the kept file does not open: %s\n", migration.said().c_str());
    ++total.unreadable;
  } else if (part != "days") {
    for (const Row& row : kFaults) {
      int reached = 0;
      bool last_reached = true;
      for (std::uint64_t at = first; goes_on(at, last_reached); at += every) {
        if (!migration.survives(row, at, *expected)) {
          std::printf("  a migration with %s at %llu: %s\n", row.name, static_cast<unsigned long long>(at),
                      migration.said().c_str());
          ++total.lost;
        }
        reached += migration.reached() ? 1 : 0;
        last_reached = migration.reached();
      }
      std::printf("a migration with %s: %d times\n", row.name, reached);
      std::fflush(stdout);
      runs += reached;
    }
  }

  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("%d faults: %d lost, %d counters back, %d unreadable, %d other; %.1f s\n", runs, total.lost,
              total.back, total.unreadable, total.surplus, took.count());
  fs::remove_all(folder);
  return total.none() && runs > 0 ? 0 : 1;
}
