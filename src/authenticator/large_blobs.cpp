#include "authenticator/large_blobs.h"

#include <algorithm>

#include "authenticator/store_status.h"
#include "crypto/hash.h"

namespace fauxkey {
namespace {

constexpr std::uint8_t kEmptyArray = 0x80;

Bytes initial_array() {
  Bytes array{kEmptyArray};
  const auto digest = crypto::sha256(array);
  append(array, ByteView{digest}.first(LargeBlobs::kHashSize));
  return array;
}

}  // namespace

Result<Bytes> LargeBlobs::load(CredentialStore& store) {
  const auto record = checked(store.load(RecordKind::large_blobs));
  if (!record) return fail(record.error());
  if (!*record) return initial_array();
  const ByteView kept = **record;
  return Bytes{kept.begin(), kept.end()};
}

Result<void> LargeBlobs::save(CredentialStore& store, ByteView serialized) {
  const auto array = serialized.first(serialized.size() - kHashSize);
  const auto digest = crypto::sha256(array);
  if (!std::ranges::equal(ByteView{digest}.first(kHashSize), serialized.last(kHashSize))) {
    return fail(Status::integrity_failure,
                "6.10.2: the last 16 bytes are not the beginning of the SHA-256 of those before them");
  }
  return checked(store.save(RecordKind::large_blobs, serialized));
}

}  // namespace fauxkey
