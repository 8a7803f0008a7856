// Prints every secret of a closed keystore, one "NAME HEX" a line: what the tests then look for where it must
// not be.
//   fauxkey_keystore_secrets STORE UNLOCK_SOURCE
#include <cstdint>
#include <iostream>
#include <string>

#include "base/text.h"
#include "fauxkey/clock.h"
#include "fauxkey/random.h"
#include "keystore/sqlite_store.h"
#include "keystore/store_file.h"

using namespace fauxkey;

namespace {

void print(const std::string& name, ByteView secret) { std::cout << name << " " << hex(secret) << "\n"; }

template <class T>
T must(StoreResult<T> result) {
  if (result) return *std::move(result);
  std::cerr << result.error().message << "\n";
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: fauxkey_keystore_secrets STORE UNLOCK_SOURCE\n";
    return 2;
  }
  SystemRandom random;
  SystemClock clock;
  const auto source = parse_unlock_source(argv[2]);
  if (!source) {
    std::cerr << source.error() << "\n";
    return 2;
  }
  {
    const auto opened = must(keystore::open_store_file(argv[1], *source, random, clock));
    print("master-key", opened.unlocked.master);
    print("unlock-secret", opened.unlocked.secret.bytes);
    print("credentials-key", opened.file.keys.credentials());
    print("counters-key", opened.file.keys.counters());
    for (unsigned kind = 1; kind <= static_cast<unsigned>(RecordKind::generation); ++kind)
      print("record-key-" + std::to_string(kind), opened.file.keys.record(static_cast<RecordKind>(kind)));
  }
  const auto store = must(SqliteStore::open(argv[1], *source, random, clock));
  std::uint64_t cursor = 0;
  do {
    const auto page = must(store->page(cursor, 100));
    for (const auto& credential : page.credentials) {
      print("private-key", credential.private_key);
      print("cred-random-without-uv", credential.cred_random_without_uv);
      print("cred-random-with-uv", credential.cred_random_with_uv);
      if (!credential.large_blob_key.empty()) print("large-blob-key", credential.large_blob_key);
    }
    cursor = page.next_cursor;
  } while (cursor != 0);
  for (const auto kind : {RecordKind::wrap_key, RecordKind::pin, RecordKind::attestation}) {
    if (const auto record = must(store->load(kind)))
      print("record-" + std::to_string(static_cast<unsigned>(kind)), *record);
  }
  return std::cout.flush() ? 0 : 1;
}
