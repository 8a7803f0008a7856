// Port: what a key remembers. Whatever a call reports as done is durable: it survives the end of the process
// and of the power. A call that fails has changed nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fauxkey/bytes.h"
#include "fauxkey/credential.h"
#include "fauxkey/secret.h"

namespace fauxkey {

struct StoreError {
  enum class Kind : std::uint8_t {
    full,       ///< no room on the disk
    read_only,  ///< the file or its folder cannot be written
    damaged,    ///< a record fails its authentication, or the file is not what it says
    io,         ///< anything else that the file system or SQLite reports
  };
  Kind kind{};
  std::string message;  ///< one sentence for a person, with what to do next; holds no secret
};

template <class T>
using StoreResult = std::expected<T, StoreError>;

/// State of the key that is no credential; each kind is one blob that its owner encodes.
enum class RecordKind : std::uint8_t {
  wrap_key = 1,      ///< wraps credentials that are not discoverable; a reset makes them void with it
  pin = 2,           ///< PIN hash, retries
  attestation = 3,   ///< attestation root and leaf keys and certificates; survives a reset
  config = 4,        ///< what authenticatorConfig sets
  large_blobs = 5,   ///< the serialized large-blob array
  identity = 6,      ///< persistent token, device identifier
  fingerprints = 7,  ///< enrolled templates
  built_in_uv = 8,   ///< tries of built-in user verification
  revision = 9,      ///< the store's own: see `revision`; survives a reset
  enterprise = 10,   ///< enterprise attestation key and certificate; survives a reset
  generation = 11,   ///< the store's own, against its being put back to an older copy; survives a reset
};

/// A signature counter as a person may see it.
struct SignCounter {
  /// The last that was given out, or more where a process was killed; 0: none yet.
  std::uint32_t count = 0;
  std::int64_t last_used = 0;  ///< when, in seconds since 1970; 0: never, or it is not known
};

/// The counter of a key that has one for all its credentials (CounterStyle::global), in place of an id: no
/// id that a key makes is so short.
inline constexpr std::array<std::uint8_t, 14> kGlobalCounter{'g', 'l', 'o', 'b', 'a', 'l', ' ',
                                                             'c', 'o', 'u', 'n', 't', 'e', 'r'};

class CredentialStore {
 public:
  virtual ~CredentialStore() = default;
  CredentialStore(const CredentialStore&) = delete;
  CredentialStore& operator=(const CredentialStore&) = delete;

  // Discoverable credentials.
  /// Adds one; an older one of the same relying party and user id is replaced (CTAP 2.3, 6.1.2).
  [[nodiscard]] StoreResult<void> put(const Credential& credential) { return put_all({&credential, 1}); }
  /// Puts one after the other, all in one step: all are there afterwards, or, with an error, none.
  [[nodiscard]] virtual StoreResult<void> put_all(std::span<const Credential> credentials) = 0;
  /// Writes a stored credential anew (same id, relying party and user id); its place in the order stays.
  /// False where there is none of that id.
  [[nodiscard]] virtual StoreResult<bool> update(const Credential& credential) = 0;
  [[nodiscard]] virtual StoreResult<std::optional<Credential>> find(ByteView credential_id) = 0;
  /// Those of one relying party, the newest first.
  [[nodiscard]] virtual StoreResult<std::vector<Credential>> find_by_rp(const RpIdHash& rp_id_hash) = 0;
  /// False where there is none of that id.
  [[nodiscard]] virtual StoreResult<bool> erase(ByteView credential_id) = 0;
  [[nodiscard]] virtual StoreResult<std::size_t> count() = 0;
  /// Up to `limit` credentials, from `cursor` (0 at first) on. A walk from page to page gives each credential
  /// once, in an order that says nothing and stays the same while nothing is put or erased.
  struct Page {
    std::vector<Credential> credentials;
    std::uint64_t next_cursor = 0;  ///< 0 at the end
  };
  [[nodiscard]] virtual StoreResult<Page> page(std::uint64_t cursor, std::size_t limit) = 0;
  /// As `page`, those of one relying party. (Cursors of one kind of page are no good for another.)
  [[nodiscard]] virtual StoreResult<Page> page_by_rp(const RpIdHash& rp_id_hash, std::uint64_t cursor,
                                                     std::size_t limit) = 0;
  /// As `page`, one credential of each relying party.
  [[nodiscard]] virtual StoreResult<Page> page_relying_parties(std::uint64_t cursor, std::size_t limit) = 0;
  [[nodiscard]] virtual StoreResult<std::size_t> count_relying_parties() = 0;

  /// Changes with each put, update, erase and reset, and never to a value that was there before.
  [[nodiscard]] virtual StoreResult<std::uint64_t> revision() = 0;

  // Signature counters, for discoverable credentials and for others by their id.
  /// Greater than ever before for this credential, whatever became of the process meanwhile; by one as long
  /// as none was killed, and the first is 1.
  [[nodiscard]] virtual StoreResult<std::uint32_t> next_sign_count(ByteView credential_id) = 0;
  /// Looks at a counter without counting.
  [[nodiscard]] virtual StoreResult<SignCounter> sign_counter(ByteView credential_id) = 0;
  /// For a credential that was used elsewhere: the next count is greater than `at_least`. Never lowers.
  [[nodiscard]] virtual StoreResult<void> raise_sign_count(ByteView credential_id,
                                                           std::uint32_t at_least) = 0;

  // State records.
  [[nodiscard]] virtual StoreResult<std::optional<SecretBytes>> load(RecordKind kind) = 0;
  [[nodiscard]] virtual StoreResult<void> save(RecordKind kind, ByteView value) = 0;

  /// Erases all but the records that survive a reset, in one step.
  [[nodiscard]] virtual StoreResult<void> reset() = 0;

 protected:
  CredentialStore() = default;
};

}  // namespace fauxkey
