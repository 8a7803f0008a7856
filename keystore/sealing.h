// The key hierarchy and the sealed form of a record.
//
//   master key (random, wrapped by the unlock secret)
//     └─ crypto_kdf ─ credentials · counters · records ─ crypto_kdf ─ one for each RecordKind
//                   └ look-up tags
//
// A sealed record is a 24-byte random nonce and the XChaCha20-Poly1305 ciphertext of
//   u32 size of the map · u32 size of the secret · map · secret · zeros up to the size class
// (integers little-endian). The map is canonical CBOR whose key 1 is the record's version. A record's secret
// bytes stand beside the map and not in it, so that they never pass through a CBOR value's ordinary memory.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "fauxkey/bytes.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "fauxkey/secret.h"

namespace fauxkey::keystore {

/// What the file's user_version says; part of what each sealed record is bound to. docs/keystore-format.md
/// tells what became of the earlier ones.
inline constexpr std::uint32_t kFormatVersion = 2;

using MasterKey = Secret<32>;
using RecordKey = Secret<32>;
/// Stands in the file for something that must be found again but not read: keyed BLAKE2b. Among a million of
/// them, two are alike with a probability of 2^-89.
using Tag = std::array<std::uint8_t, 16>;

/// The bytes as a tag; nothing where they are not so many.
[[nodiscard]] std::optional<Tag> tag_of(ByteView bytes);

enum class Table : std::uint8_t { credentials = 1, counters = 2, records = 3 };

class Keys {
 public:
  explicit Keys(const MasterKey& master);

  [[nodiscard]] const RecordKey& credentials() const { return credentials_; }
  [[nodiscard]] const RecordKey& counters() const { return counters_; }
  [[nodiscard]] RecordKey record(RecordKind kind) const;

  [[nodiscard]] Tag id_tag(ByteView credential_id) const;
  /// Names a keystore where it is not opened: in the mark beside a key file.
  [[nodiscard]] Tag store_id(ByteView fork) const;
  /// A relying party's credentials have slots 0, 1, 2 …, so that no two rows have a tag in common.
  [[nodiscard]] Tag rp_tag(const RpIdHash& rp_id_hash, std::uint32_t slot) const;
  [[nodiscard]] Tag user_tag(const RpIdHash& rp_id_hash, ByteView user_id) const;
  /// From the credential's own tag, not its id: format 1 kept no more of ids that sites keep.
  [[nodiscard]] Tag counter_tag(const Tag& id_tag) const;
  [[nodiscard]] Tag record_tag(RecordKind kind) const;

 private:
  [[nodiscard]] Tag tag(char subject, ByteView first, ByteView second = {}) const;

  RecordKey credentials_;
  RecordKey counters_;
  RecordKey records_;
  RecordKey tags_;
};

/// The associated data of a row: the format, the table and what the row has in plain.
[[nodiscard]] Bytes associated_data(Table table, std::initializer_list<ByteView> tags,
                                    std::uint32_t format = kFormatVersion);

/// `map` and `secret` together have at most kMaxRecord bytes and some overhead.
[[nodiscard]] Bytes seal(const RecordKey& key, ByteView associated, ByteView map, ByteView secret,
                         Random& random);

struct Unsealed {
  SecretBytes plaintext;
  ByteView map;  ///< these two within plaintext
  ByteView secret;
};
/// Nothing where it was not sealed with this key and associated data.
[[nodiscard]] std::optional<Unsealed> unseal(const RecordKey& key, ByteView associated, ByteView sealed);

/// The longest sealed record that a store writes, and so the longest it reads.
inline constexpr std::size_t kMaxSealed = (4U << 20U);

}  // namespace fauxkey::keystore
