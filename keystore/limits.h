// What both stores hold to alike.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "fauxkey/credential_store.h"

namespace fauxkey::keystore {

/// The largest state record, and the largest sum of a credential's fields, in bytes. A host's message has
/// 7609.
inline constexpr std::size_t kMaxRecord = 1U << 20U;

/// A page holds no more, whatever the caller's limit: each credential has secrets in guarded pages of memory,
/// and the kernel maps only so many (vm.max_map_count).
inline constexpr std::size_t kMaxPage = 1000;
[[nodiscard]] constexpr std::size_t page_size(std::size_t limit) {
  return std::clamp(limit, std::size_t{1}, kMaxPage);
}

inline constexpr std::size_t kMaxUserId = 64;  ///< WebAuthn 5.4.3

inline constexpr std::uint32_t kMaxSignCount = std::numeric_limits<std::uint32_t>::max();

/// Whether a store takes it.
[[nodiscard]] inline bool fits(const Credential& credential) {
  const UserEntity& user = credential.user;
  const auto size = [](const std::optional<std::string>& text) { return text ? text->size() : 0; };
  return credential.id.size() + credential.rp_id.size() + size(credential.rp_name) + user.id.size() +
             size(user.name) + size(user.display_name) + credential.private_key.size() +
             credential.cred_blob.size() +
             (credential.large_blob ? credential.large_blob->bytes.size() : 0) <=
         kMaxRecord;
}

/// Of one relying party's credentials, there is one for each of these: a user id for those that are
/// discoverable (CTAP 2.3, 6.1.2), for others their own id, after more bytes than a user id has.
[[nodiscard]] inline Bytes account_key(const Credential& credential) {
  if (credential.discoverable) return credential.user.id;
  Bytes key(kMaxUserId + 1);
  append(key, credential.id);
  return key;
}

[[nodiscard]] constexpr bool survives_reset(RecordKind kind) {
  return kind == RecordKind::attestation || kind == RecordKind::revision || kind == RecordKind::enterprise ||
         kind == RecordKind::generation;
}

[[nodiscard]] inline StoreError counter_exhausted() {
  return {
      StoreError::Kind::io,
      "This credential has been used 4294967295 times and its signature counter cannot go further: register "
      "a new one."};
}

[[nodiscard]] inline StoreError record_too_large() {
  return {StoreError::Kind::io, "This record is larger than the keystore's 1 MiB: store less in it."};
}

}  // namespace fauxkey::keystore
