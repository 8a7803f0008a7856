// Tells a keystore file that was put back to an older copy of it, where the unlock source is a key file.
//
// The keystore has a generation, a number that is raised at each open. The highest that was seen stands in
// KEYFILE.mark beside the key file, authenticated by a key from it, for each keystore that the key file
// opens. A file of a lower generation is an older copy. The file is raised first and the mark after it, so
// that no crash makes the newest file look old. Where the mark cannot be written, or was taken away, nothing
// is told.
//
// KEYFILE.mark is the 16 bytes "fauxkey marks 1\n", for each keystore its 16-byte id and its generation (8
// bytes, big-endian), those last raised at the end, and a 32-byte keyed BLAKE2b of all before it.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "keystore/key_wrap.h"
#include "keystore/opening.h"
#include "keystore/sealing.h"
#include "keystore/sqlite.h"
#include "keystore/unlock.h"

namespace fauxkey::keystore {

/// RecordKind::generation: 16 bytes that are zeros but in a fork, and 8 bytes, big-endian.
struct Generation {
  std::array<std::uint8_t, 16> fork{};  ///< tells a fork from what it was made of, whose keys it shares
  std::uint64_t number = 0;

  friend bool operator==(const Generation&, const Generation&) = default;
};
/// Zeros where there is none yet, or none that can be read: the mark then tells whether there was one.
[[nodiscard]] Generation read_generation(const Database& database, const Keys& keys);
[[nodiscard]] StoreResult<void> write_generation(const Database& database, const Keys& keys,
                                                 const Generation& generation, Random& random);

/// KEYFILE.mark.
class MarkFile {
 public:
  /// `key` is what the key file holds.
  MarkFile(const std::filesystem::path& key_file, ByteView key);

  /// The highest generation that was seen of this keystore; nothing where none was, or the file is none that
  /// `raise` made.
  [[nodiscard]] std::optional<std::uint64_t> read(const Tag& store_id) const;
  /// False where it cannot be written. Never lowers.
  [[nodiscard]] bool raise(const Tag& store_id, std::uint64_t generation, Random& random) const;

  /// So many keystores are remembered for one key file; beyond, those are forgotten that were not open
  /// longest.
  static constexpr std::size_t kMaxStores = 1000;

 private:
  std::filesystem::path key_file_;
  std::filesystem::path path_;
  Secret<32> mac_key_;
};

/// `own`, the generation of the file at `path`, or the mark's where `opening` takes an older copy, which is
/// refused otherwise. Changes nothing.
[[nodiscard]] StoreResult<Generation> check_generation(const Generation& own,
                                                       const std::filesystem::path& path, const Keys& keys,
                                                       const UnlockSource& source, const UnlockSecret& secret,
                                                       const Opening& opening);

/// Raises it, in the file and in the mark, and returns it.
[[nodiscard]] StoreResult<Generation> begin_generation(const Database& database, const Keys& keys,
                                                       Generation generation, const UnlockSource& source,
                                                       const UnlockSecret& secret, Random& random);

/// Where `source` is a key file.
void raise_mark(const Keys& keys, const Generation& generation, const UnlockSource& source,
                const UnlockSecret& secret, Random& random);

}  // namespace fauxkey::keystore
