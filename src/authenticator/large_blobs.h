// The serialized large-blob array (CTAP 2.3, 6.10.2): bytes that platforms keep on the key. The key reads no
// more of them than the checksum at their end.
#pragma once

#include "fauxkey/bytes.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/status.h"

namespace fauxkey {

class LargeBlobs {
 public:
  static constexpr std::size_t kHashSize = 16;  ///< LEFT(SHA-256(array), 16) ends it
  static constexpr std::size_t kMinSize = 1 + kHashSize;

  /// What the key holds: the initial array (of no entries) until a platform has written one.
  [[nodiscard]] static Result<Bytes> load(CredentialStore& store);
  /// INTEGRITY_FAILURE where the checksum does not fit.
  [[nodiscard]] static Result<void> save(CredentialStore& store, ByteView serialized);
};

}  // namespace fauxkey
