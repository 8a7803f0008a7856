// How the keystore's size tells: the same work on stores of 10, 1,000 and 100,000 discoverable credentials,
// turn by turn in one run, medians. And what a signature count costs by lease, against one that is written
// each time.
//
//   fauxkey_bench_keystore [--rounds N] [--folder DIR] [--json FILE]
//
// Exit status 1 where something of it fails. The ratios are for the reader to judge.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "cbor/cbor.h"
#include "crypto/hash.h"
#include "fauxkey/clock.h"
#include "fauxkey/status.h"
#include "fauxkey/virtual_key.h"
#include "keystore/sqlite_store.h"
#include "user/policy_gates.h"

namespace {

using namespace fauxkey;
namespace fs = std::filesystem;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr std::array kSizes{10, 1'000, 100'000};
/// Sites that are visited in each store, so that the smallest does no less than the others.
constexpr int kVisited = 10;

[[noreturn]] void give_up(const std::string& why) { throw std::runtime_error{why}; }

template <class T>
T must(StoreResult<T> result) {
  if (!result) give_up(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

template <class Body>
double time_of(const Body& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return Microseconds{std::chrono::steady_clock::now() - start}.count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.at(values.size() / 2);
}

std::string rp_id(int number) { return "site-" + std::to_string(number) + ".example"; }

Credential credential(Random& random, int number) {
  Credential out;
  const auto id = random.bytes<32>();
  out.id.assign(id.begin(), id.end());
  out.rp_id = rp_id(number);
  out.rp_id_hash = crypto::sha256(out.rp_id);
  out.rp_name = "Site " + std::to_string(number);
  const auto user = random.bytes<32>();
  out.user.id.assign(user.begin(), user.end());
  out.user.name = "user-" + std::to_string(number) + "@example.com";
  out.user.display_name = "A user of site " + std::to_string(number);
  out.private_key = SecretBytes::copy_of(random.bytes<32>());
  out.cred_random_with_uv = random.secret<32>();
  out.cred_random_without_uv = random.secret<32>();
  out.discoverable = true;
  return out;
}

/// A store of that many, its key, and what is measured of it.
class Subject {
 public:
  Subject(int size, const fs::path& folder) : size_{size}, folder_{folder / std::to_string(size)} { fill(); }

  void open() {
    opening.push_back(time_of([&] { store_ = open_in(folder_); }));
    key_ = std::make_unique<VirtualKey>(KeyConfig{}, Ports{*store_, gate_, clock_, random_});
  }
  void close() {
    key_.reset();
    store_.reset();
  }
  /// By relying party, or by an allow list.
  double assertion(int visited, bool listed) {
    const int number = visited * (size_ / kVisited);
    cbor::Map request{{1, rp_id(number)}, {2, Bytes(32, 0xcd)}};
    if (listed) {
      request.emplace_back(3, cbor::Array{cbor::Map{{"id", ids_.at(static_cast<std::size_t>(visited))},
                                                    {"type", "public-key"}}});
    }
    Bytes message{0x02};
    append(message, cbor::encode(request));
    return time_of([&] {
      const Bytes answer = key_->process_cbor(message, {.channel = 1, .stop = {}, .on_waiting = {}});
      if (answer.at(0) != static_cast<std::uint8_t>(Status::ok)) give_up("an assertion failed");
    });
  }
  /// A count by lease, and one that is written like each was before there were leases.
  void count(int number) {
    const Bytes leased(32, 1);
    const Bytes written(32, 2);
    by_lease.push_back(time_of([&] { must(store_->next_sign_count(leased)); }));
    by_write.push_back(
        time_of([&] { must(store_->raise_sign_count(written, written_ + static_cast<unsigned>(number))); }));
  }
  void counted(int number) { written_ += static_cast<unsigned>(number); }
  [[nodiscard]] int size() const { return size_; }
  [[nodiscard]] std::uintmax_t bytes() const { return fs::file_size(folder_ / "keystore.db"); }

  std::vector<double> opening, first, by_rp, by_list, by_lease, by_write;

 private:
  std::unique_ptr<SqliteStore> open_in(const fs::path& folder) {
    return must(SqliteStore::open(folder / "keystore.db",
                                  {UnlockSource::Kind::key_file, (folder / "unlock.key").string(), -1},
                                  random_, clock_));
  }

  /// In memory where there is such a place, for it takes as many commits as there are counters.
  void fill() {
    const fs::path parent = ::access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : fs::temp_directory_path();
    std::string name = (parent / "fauxkey-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) give_up("no folder could be made in " + parent.string());
    const fs::path made = name;
    {
      const auto store = open_in(made);
      constexpr int kChunk = 500;
      for (int number = 0; number < size_; number += kChunk) {
        std::vector<Credential> chunk;
        for (int i = number; i < std::min(number + kChunk, size_); ++i) {
          chunk.push_back(credential(random_, i));
          if (i % (size_ / kVisited) == 0) ids_.push_back(chunk.back().id);
        }
        must(store->put_all(chunk));
        for (const Credential& one : chunk) must(store->raise_sign_count(one.id, 1));
      }
    }
    fs::create_directories(folder_);
    for (const char* file : {"keystore.db", "unlock.key"}) fs::copy_file(made / file, folder_ / file);
    fs::remove_all(made);
  }

  int size_;
  fs::path folder_;
  SystemRandom random_;
  SystemClock clock_;
  user::AutoGate gate_;
  std::unique_ptr<SqliteStore> store_;
  std::unique_ptr<VirtualKey> key_;
  std::vector<Bytes> ids_;
  std::uint32_t written_ = 0;
};

struct Line {
  const char* name;
  const char* json;
  std::vector<double> Subject::* values;
};
constexpr std::array kLines{
    Line{"opening", "opening", &Subject::opening},
    Line{"first assertion of a credential", "first_assertion", &Subject::first},
    Line{"assertion by RP id", "assertion_by_rp", &Subject::by_rp},
    Line{"assertion by allow list", "assertion_by_list", &Subject::by_list},
};

void run(int rounds, const fs::path& folder, const std::string& json) {
  std::vector<std::unique_ptr<Subject>> subjects;
  for (const int size : kSizes) {
    subjects.push_back(std::make_unique<Subject>(size, folder));
    std::printf("%7d credentials: %9ju bytes\n", size, subjects.back()->bytes());
    std::fflush(stdout);
  }
  // Each takes its turn first equally often.
  std::size_t turn = 0;
  const auto each = [&](const auto& body) {
    ++turn;
    for (std::size_t i = 0; i < subjects.size(); ++i) body(*subjects[(turn + i) % subjects.size()]);
  };
  constexpr int kPasses = 5;
  constexpr int kCounts = 128;  // two leases
  for (int round = 0; round < rounds; ++round) {
    each([](Subject& subject) { subject.open(); });
    for (int i = 0; i < kVisited; ++i) {
      each([&](Subject& subject) { subject.first.push_back(subject.assertion(i, false)); });
    }
    for (int i = 0; i < kPasses * kVisited; ++i) {
      each([&](Subject& subject) { subject.by_rp.push_back(subject.assertion(i % kVisited, false)); });
      each([&](Subject& subject) { subject.by_list.push_back(subject.assertion(i % kVisited, true)); });
    }
    if (round < 5) {
      for (int i = 1; i <= kCounts; ++i) subjects.front()->count(i);
      subjects.front()->counted(kCounts);
    }
    each([](Subject& subject) { subject.close(); });
  }

  std::ofstream out;
  if (!json.empty()) out.open(json);
  out << "{\n";
  std::printf("\n%-34s", "median, us");
  for (const auto& subject : subjects) std::printf("%12d", subject->size());
  std::printf("     ratio to 10\n");
  for (const Line& line : kLines) {
    std::printf("%-34s", line.name);
    std::string ratios;
    std::vector<double> medians;
    for (const auto& subject : subjects) {
      medians.push_back(median((*subject).*line.values));
      std::printf("%12.1f", medians.back());
      if (medians.size() == 1) continue;
      std::array<char, 32> text{};
      std::snprintf(text.data(), text.size(), "  %.3f", medians.back() / medians.front());
      ratios += text.data();
    }
    std::printf("   %s\n", ratios.c_str());
    out << "  \"" << line.json << "\": [" << medians[0] << ", " << medians[1] << ", " << medians[2] << "],\n";
  }
  const auto mean = [](const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  };
  const Subject& smallest = *subjects.front();
  const double leased = mean(smallest.by_lease);
  const double written = mean(smallest.by_write);
  std::printf(
      "\na signature count: %.2f us by lease (mean, the lease's write included), %.1f us written each: "
      "%.4f\n",
      leased, written, leased / written);
  out << "  \"count_by_lease\": " << leased << ",\n  \"count_written\": " << written << "\n}\n";
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 20;
  fs::path folder;
  std::string json;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--rounds") == 0) rounds = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--folder") == 0) folder = argv[i + 1];
    if (std::strcmp(argv[i], "--json") == 0) json = argv[i + 1];
  }
  if (argc % 2 == 0 || rounds < 1) {
    std::fprintf(stderr, "usage: %s [--rounds N] [--folder DIR] [--json FILE]\n", argv[0]);
    return 2;
  }
  std::string own = ((folder.empty() ? fs::temp_directory_path() : folder) / "fauxkey-bench-XXXXXX").string();
  if (::mkdtemp(own.data()) == nullptr) {
    std::fprintf(stderr, "No folder could be made at %s: name another with --folder.\n", own.c_str());
    return 2;
  }
  int status = 0;
  try {
    run(rounds, own, json);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    status = 1;
  }
  fs::remove_all(own);
  return status;
}
