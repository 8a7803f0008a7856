// What stands in a record, as the map and the secret bytes that sealing.h takes.
#pragma once

#include <cstdint>
#include <optional>

#include "fauxkey/bytes.h"
#include "fauxkey/credential.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/secret.h"

namespace fauxkey::keystore {

struct EncodedCredential {
  Bytes map;
  SecretBytes secret;
};
/// Where a credential stands among the others. Format 1 did not keep it in the record; it is read as zeros.
struct Standing {
  std::uint64_t sequence = 0;  ///< grows with each credential that is put
  std::uint32_t slot = 0;      ///< its number among those of its relying party
  RpIdHash rp_id_hash{};
};
struct StoredCredential {
  Credential credential;
  Standing standing;
};
/// The relying party is the credential's own, whatever `standing` says.
[[nodiscard]] EncodedCredential encode_credential(const Credential& credential,
                                                  const Standing& standing = {});
/// Nothing where the map is none that `encode_credential` makes.
[[nodiscard]] std::optional<StoredCredential> decode_stored(ByteView map, ByteView secret);
[[nodiscard]] std::optional<Credential> decode_credential(ByteView map, ByteView secret);
/// Without the rest of it.
[[nodiscard]] std::optional<Standing> decode_standing(ByteView map);

[[nodiscard]] Bytes encode_counter(const SignCounter& counter);
[[nodiscard]] std::optional<SignCounter> decode_counter(ByteView map);

/// What the store remembers of itself, so that it need not count and notices what was taken out.
struct Tally {
  std::uint64_t revision = 0;
  std::uint64_t credentials = 0;
  std::uint64_t counters = 0;
  std::uint64_t records = 0;  ///< the kinds that there are: bit k for kind k

  [[nodiscard]] bool has(RecordKind kind) const { return (records & bit(kind)) != 0; }
  void add(RecordKind kind) { records |= bit(kind); }
  [[nodiscard]] static std::uint64_t bit(RecordKind kind) {
    return std::uint64_t{1} << (static_cast<unsigned>(kind) & 63U);
  }
  friend bool operator==(const Tally&, const Tally&) = default;
};
/// Four numbers of 8 bytes, big-endian. (Format 1 had the first alone.)
[[nodiscard]] Bytes encode_tally(const Tally& tally);
[[nodiscard]] std::optional<Tally> decode_tally(ByteView bytes);

/// The map of a state record, which is all secret.
[[nodiscard]] Bytes encode_state();
[[nodiscard]] bool is_state(ByteView map);

}  // namespace fauxkey::keystore
