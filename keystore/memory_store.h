// What a key remembers until its process ends: for tests and for keys that are meant to be forgotten.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "fauxkey/clock.h"
#include "fauxkey/credential_store.h"

namespace fauxkey {

/// Behaves like SqliteStore, but for durability. Safe to call from several threads.
class MemoryStore final : public CredentialStore {
 public:
  /// By the machine's own clock.
  MemoryStore();
  /// `clock` must outlive the store.
  explicit MemoryStore(const Clock& clock) : clock_{clock} {}

  /// All that another store has, now: credentials, counters, records.
  [[nodiscard]] static StoreResult<std::unique_ptr<MemoryStore>> copy_of(CredentialStore& other,
                                                                         const Clock& clock);
  /// Has all that the other one has, and nothing else; but the revision goes on.
  void become(MemoryStore& other);
  /// Any count, lower ones too: for tests of how a site takes it.
  void set_sign_count(ByteView credential_id, std::uint32_t count);

  [[nodiscard]] StoreResult<void> put_all(std::span<const Credential> credentials) override;
  [[nodiscard]] StoreResult<bool> update(const Credential& credential) override;
  [[nodiscard]] StoreResult<std::optional<Credential>> find(ByteView credential_id) override;
  [[nodiscard]] StoreResult<std::vector<Credential>> find_by_rp(const RpIdHash& rp_id_hash) override;
  [[nodiscard]] StoreResult<bool> erase(ByteView credential_id) override;
  [[nodiscard]] StoreResult<std::size_t> count() override;
  [[nodiscard]] StoreResult<Page> page(std::uint64_t cursor, std::size_t limit) override;
  [[nodiscard]] StoreResult<Page> page_by_rp(const RpIdHash& rp_id_hash, std::uint64_t cursor,
                                             std::size_t limit) override;
  [[nodiscard]] StoreResult<Page> page_relying_parties(std::uint64_t cursor, std::size_t limit) override;
  [[nodiscard]] StoreResult<std::size_t> count_relying_parties() override;
  [[nodiscard]] StoreResult<std::uint64_t> revision() override;
  [[nodiscard]] StoreResult<std::uint32_t> next_sign_count(ByteView credential_id) override;
  [[nodiscard]] StoreResult<SignCounter> sign_counter(ByteView credential_id) override;
  [[nodiscard]] StoreResult<void> raise_sign_count(ByteView credential_id, std::uint32_t at_least) override;
  [[nodiscard]] StoreResult<std::optional<SecretBytes>> load(RecordKind kind) override;
  [[nodiscard]] StoreResult<void> save(RecordKind kind, ByteView value) override;
  [[nodiscard]] StoreResult<void> reset() override;

 private:
  /// The place in the order of creation; never used twice.
  using Sequence = std::uint64_t;
  struct RelyingParty {
    std::map<Bytes, Sequence> users;  ///< by keystore::account_key
    std::set<Sequence> sequences;
  };

  /// False where the page is full and ends before this one.
  static bool add(Page& page, const std::pair<const Sequence, Credential>& entry, std::size_t limit);
  void put_one(Credential credential);
  void remove(Sequence sequence);

  const Clock& clock_;
  std::mutex mutex_;
  Sequence last_ = 0;
  std::uint64_t revision_ = 0;
  std::map<Sequence, Credential> credentials_;
  std::map<Bytes, Sequence> by_id_;
  std::map<RpIdHash, RelyingParty> by_rp_;
  std::map<Bytes, SignCounter> counters_;
  std::map<RecordKind, SecretBytes> records_;
};

}  // namespace fauxkey
