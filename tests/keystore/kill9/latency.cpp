// How long the keystore's calls take on this machine's disk: medians and 95th percentiles.
//
//   fauxkey_keystore_latency [CREDENTIALS [FOLDER]]
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "fauxkey/clock.h"
#include "keystore/sqlite_store.h"
#include "model.h"

int main(int argc, char** argv) {
  using namespace kill9;
  namespace fs = std::filesystem;
  const int credentials = argc > 1 ? std::atoi(argv[1]) : 1000;
  std::string folder = (argc > 2 ? fs::path{argv[2]} : fs::temp_directory_path()) / "fauxkey-latency-XXXXXX";
  if (credentials < 1 || ::mkdtemp(folder.data()) == nullptr) return 2;
  SystemRandom random;
  SystemClock clock;
  const UnlockSource unlock{UnlockSource::Kind::key_file, folder + "/unlock.key", -1};
  auto opened = SqliteStore::open(folder + "/keystore.db", unlock, random, clock);
  if (!opened) return 1;
  SqliteStore& store = **opened;

  bool failed = false;
  const auto measure = [&](const char* name, int times, const auto& body) {
    std::vector<double> took;
    for (int i = 0; i < times; ++i) {
      const auto start = std::chrono::steady_clock::now();
      failed = !body(i) || failed;
      took.push_back(
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
    std::ranges::sort(took);
    std::printf("%-16s median %8.0f us   p95 %8.0f us   (%d times)\n", name, took[took.size() / 2],
                took[took.size() * 95 / 100], times);
  };
  const auto nth = [&](int i) {
    Credential out = credential(1, static_cast<std::uint64_t>(i), i);
    out.rp_id_hash[0] = static_cast<std::uint8_t>(i);
    out.rp_id_hash[1] = static_cast<std::uint8_t>(i >> 8);
    return out;
  };
  measure("put", credentials, [&](int i) { return store.put(nth(i)).has_value(); });
  measure("next_sign_count", 1000, [&](int i) { return store.next_sign_count(nth(i % 50).id).has_value(); });
  measure("find", 1000, [&](int i) { return store.find(nth(i % credentials).id).has_value(); });
  measure("find_by_rp", 1000,
          [&](int i) { return store.find_by_rp(nth(i % credentials).rp_id_hash).has_value(); });
  opened->reset();
  measure("open", 20,
          [&](int) { return SqliteStore::open(folder + "/keystore.db", unlock, random, clock).has_value(); });
  std::printf("file: %ju bytes for %d credentials\n",
              static_cast<std::uintmax_t>(fs::file_size(folder + "/keystore.db")), credentials);
  fs::remove_all(folder);
  return failed ? 1 : 0;
}
