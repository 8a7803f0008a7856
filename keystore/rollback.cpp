#include "keystore/rollback.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <thread>
#include <vector>

#include "keystore/files.h"
#include "keystore/state_record.h"

namespace fauxkey::keystore {
namespace {

constexpr std::string_view kMagic = "fauxkey marks 1\n";
constexpr std::size_t kMac = 32;
constexpr std::size_t kNumber = 8;

struct Mark {
  Tag store_id{};
  std::uint64_t generation = 0;
};
constexpr std::size_t kMark = sizeof(Tag) + kNumber;
constexpr std::size_t kMaxFile = kMagic.size() + MarkFile::kMaxStores * kMark + kMac;

void append_number(Bytes& to, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(number >> shift));
}

std::uint64_t number_in(ByteView bytes) {
  std::uint64_t number = 0;
  for (const auto byte : bytes) number = number << 8U | byte;
  return number;
}

ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::array<std::uint8_t, kMac> mac(const Secret<32>& key, ByteView content) {
  std::array<std::uint8_t, kMac> out{};
  crypto_generichash(out.data(), out.size(), content.data(), content.size(), key.data(), Secret<32>::size());
  return out;
}

std::vector<Mark> read_marks(const std::filesystem::path& path, const Secret<32>& key) {
  const File file = File::open(path, O_RDONLY);
  if (!file.valid()) return {};
  Bytes content(kMaxFile + 1);
  const ssize_t size = file.read(content);
  if (size < static_cast<ssize_t>(kMagic.size() + kMac) || size > static_cast<ssize_t>(kMaxFile)) return {};
  const ByteView all{content.data(), static_cast<std::size_t>(size)};
  const ByteView signed_part = all.first(all.size() - kMac);
  if (!equal_in_constant_time(mac(key, signed_part), all.last(kMac))) return {};
  ByteView rest = signed_part.subspan(kMagic.size());
  if (!std::ranges::equal(signed_part.first(kMagic.size()), bytes_of(kMagic)) || rest.size() % kMark != 0) {
    return {};
  }
  std::vector<Mark> marks;
  for (; !rest.empty(); rest = rest.subspan(kMark)) {
    Mark mark;
    std::ranges::copy(rest.first(sizeof(Tag)), mark.store_id.begin());
    mark.generation = number_in(rest.subspan(sizeof(Tag), kNumber));
    marks.push_back(mark);
  }
  return marks;
}

bool write_marks(const std::filesystem::path& path, const Secret<32>& key, const std::vector<Mark>& marks,
                 Random& random) {
  Bytes content;
  append(content, bytes_of(kMagic));
  for (const Mark& mark : marks) {
    append(content, mark.store_id);
    append_number(content, mark.generation);
  }
  append(content, mac(key, content));
  const Draft draft{path, random};
  const auto file = draft.create();
  return file && file->write(content) && ::fsync(file->descriptor()) == 0 && draft.replace().has_value();
}

/// Keystores of one key file take turns with its marks. Whoever does not get his turn in a second goes on
/// without: a mark that is too low tells less, and harms nothing.
class Turn {
 public:
  explicit Turn(const std::filesystem::path& key_file) : file_{File::open(key_file, O_RDONLY)} {
    using namespace std::chrono_literals;
    for (int i = 0; i < 50 && file_.valid() && ::flock(file_.descriptor(), LOCK_EX | LOCK_NB) != 0; ++i) {
      std::this_thread::sleep_for(20ms);
    }
  }

 private:
  File file_;
};

StoreError older(const std::filesystem::path& path) {
  return {
      StoreError::Kind::damaged,
      "The keystore '" + path.string() +
          "' is an older copy of one that was open here later, or damaged, and was left as it is, since PIN "
          "tries, counters and deletions after that copy would be undone: put the newest back, or, if it is "
          "gone, run fauxkey keystore accept-older."};
}

}  // namespace

Generation read_generation(const Database& database, const Keys& keys) {
  const auto record = read_state(database, keys, RecordKind::generation);
  Generation generation;
  if (!record || !*record || (*record)->size() != generation.fork.size() + kNumber) return generation;
  const ByteView bytes = (*record)->view();
  std::ranges::copy(bytes.first(generation.fork.size()), generation.fork.begin());
  generation.number = number_in(bytes.last(kNumber));
  return generation;
}

StoreResult<void> write_generation(const Database& database, const Keys& keys, const Generation& generation,
                                   Random& random) {
  Bytes bytes{generation.fork.begin(), generation.fork.end()};
  append_number(bytes, generation.number);
  return write_state(database, keys, RecordKind::generation, bytes, random);
}

MarkFile::MarkFile(const std::filesystem::path& key_file, ByteView key)
    : key_file_{key_file}, path_{key_file} {
  path_ += ".mark";
  constexpr std::string_view kPurpose = "fauxkey marks beside a key file";
  crypto_generichash(mac_key_.data(), Secret<32>::size(), bytes_of(kPurpose).data(), kPurpose.size(),
                     key.data(), key.size());
}

std::optional<std::uint64_t> MarkFile::read(const Tag& store_id) const {
  const auto marks = read_marks(path_, mac_key_);
  const auto mark = std::ranges::find(marks, store_id, &Mark::store_id);
  return mark != marks.end() ? std::optional{mark->generation} : std::nullopt;
}

bool MarkFile::raise(const Tag& store_id, std::uint64_t generation, Random& random) const {
  const Turn turn{key_file_};
  auto marks = read_marks(path_, mac_key_);
  Mark mark{store_id, generation};
  if (const auto known = std::ranges::find(marks, store_id, &Mark::store_id); known != marks.end()) {
    mark.generation = std::max(generation, known->generation);
    marks.erase(known);
  }
  if (marks.size() >= kMaxStores) marks.erase(marks.begin());
  marks.push_back(mark);
  return write_marks(path_, mac_key_, marks, random);
}

StoreResult<Generation> check_generation(const Generation& own, const std::filesystem::path& path,
                                         const Keys& keys, const UnlockSource& source,
                                         const UnlockSecret& secret, const Opening& opening) {
  if (source.kind != UnlockSource::Kind::key_file) return own;
  const auto mark = MarkFile{source.name, secret.bytes}.read(keys.store_id(own.fork));
  if (!mark || *mark <= own.number) return own;
  if (!opening.accept_older) return std::unexpected{older(path)};
  return Generation{own.fork, *mark};
}

StoreResult<Generation> begin_generation(const Database& database, const Keys& keys, Generation generation,
                                         const UnlockSource& source, const UnlockSecret& secret,
                                         Random& random) {
  ++generation.number;
  if (auto written = write_generation(database, keys, generation, random); !written) {
    return std::unexpected{written.error()};
  }
  raise_mark(keys, generation, source, secret, random);
  return generation;
}

void raise_mark(const Keys& keys, const Generation& generation, const UnlockSource& source,
                const UnlockSecret& secret, Random& random) {
  if (source.kind != UnlockSource::Kind::key_file) return;
  static_cast<void>(
      MarkFile{source.name, secret.bytes}.raise(keys.store_id(generation.fork), generation.number, random));
}

}  // namespace fauxkey::keystore
