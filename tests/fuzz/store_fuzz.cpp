// Whatever bytes a keystore file has: it opens or is refused, what is read of it is what was sealed, and
// nothing crashes. An input is a list of changes to a sound file, so that the fuzzer gets behind the magic
// numbers; one that begins with SQLite's magic is the file itself.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fauxkey/clock.h"
#include "keystore/sqlite_store.h"

namespace {

using namespace fauxkey;
namespace fs = std::filesystem;

void require(bool holds) {
  if (!holds) std::abort();
}

/// A store of some credentials in a folder that vanishes with the process.
class Ground {
 public:
  Ground() {
    const fs::path parent = ::access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : fs::temp_directory_path();
    std::string name = (parent / "fauxkey-fuzz-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    {
      const auto store = open();
      require(store.has_value());
      SeededRandom random{1};
      for (std::uint8_t number = 0; number < kCredentials; ++number) {
        Credential credential;
        credential.id.assign(32, number);
        credential.rp_id_hash.fill(number / 2);
        credential.user.id = {number};
        credential.private_key = SecretBytes::copy_of(random.bytes<32>());
        credential.discoverable = true;
        require((*store)->put(credential).has_value());
        require((*store)->next_sign_count(credential.id).has_value());
      }
      require((*store)->save(RecordKind::pin, Bytes{1, 2, 3}).has_value());
    }
    std::ifstream in{path(), std::ios::binary};
    good_.assign(std::istreambuf_iterator<char>{in}, {});
  }
  ~Ground() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;

  static constexpr std::uint8_t kCredentials = 6;
  [[nodiscard]] fs::path path() const { return folder_ / "keystore.db"; }
  [[nodiscard]] const Bytes& good() const { return good_; }
  [[nodiscard]] std::expected<std::unique_ptr<SqliteStore>, StoreError> open() {
    fs::remove(folder_ / "unlock.key.mark");  // by which each would be refused, as older than the last
    return SqliteStore::open(path(), {UnlockSource::Kind::key_file, (folder_ / "unlock.key").string(), -1},
                             random_, clock_);
  }

 private:
  fs::path folder_;
  SystemRandom random_;
  ManualClock clock_;
  Bytes good_;
};

/// Changes of 2 bytes for the place, in units of 8, one for the length and that many to be put there; a
/// length of 0 cuts the file off.
Bytes changed(Bytes file, ByteView changes) {
  while (changes.size() >= 3) {
    const std::size_t at = (std::size_t{changes[0]} | std::size_t{changes[1]} << 8U) * 8 % (file.size() + 1);
    const std::size_t length = changes[2];
    changes = changes.subspan(3);
    if (length == 0) {
      file.resize(at);
      continue;
    }
    for (std::size_t i = 0; i < length && i < changes.size() && at + i < file.size(); ++i) {
      file[at + i] = changes[i];
    }
    changes = changes.subspan(std::min(length, changes.size()));
  }
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Ground ground;
  const ByteView input{data, size};
  constexpr std::array<std::uint8_t, 15> kMagic{'S', 'Q', 'L', 'i', 't', 'e', ' ', 'f',
                                                'o', 'r', 'm', 'a', 't', ' ', '3'};
  const bool whole = size >= kMagic.size() && std::memcmp(data, kMagic.data(), kMagic.size()) == 0;
  const Bytes file = whole ? Bytes{input.begin(), input.end()} : changed(ground.good(), input);
  for (const char* suffix : {"-wal", "-journal"}) fs::remove(ground.path().string() + suffix);
  {
    std::ofstream out{ground.path(), std::ios::binary | std::ios::trunc};
    out.write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  }
  const auto opened = ground.open();
  if (!opened) return 0;
  SqliteStore& store = **opened;
  for (std::uint8_t number = 0; number < Ground::kCredentials; ++number) {
    const Bytes id(32, number);
    const auto found = store.find(id);
    if (found && *found) {
      require((*found)->id == id && (*found)->user.id == Bytes{number} &&
              (*found)->rp_id_hash[0] == number / 2);
    }
    const auto counter = store.sign_counter(id);
    require(!counter || counter->count <= 1);
    RpIdHash rp_id_hash{};
    rp_id_hash.fill(number);
    const auto by_rp = store.find_by_rp(rp_id_hash);
    require(!by_rp || by_rp->size() <= 2);
  }
  static_cast<void>(store.page(0, 100));
  static_cast<void>(store.page_relying_parties(0, 100));
  static_cast<void>(store.count());
  static_cast<void>(store.load(RecordKind::pin));
  static_cast<void>(store.check());
  if (const auto page = store.page(0, 1); page && !page->credentials.empty()) {
    static_cast<void>(store.put(page->credentials.front()));
    static_cast<void>(store.erase(page->credentials.front().id));
  }
  static_cast<void>(store.next_sign_count(Bytes(32, 1)));
  static_cast<void>(store.reset());
  return 0;
}
