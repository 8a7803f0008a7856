// A key's store as the test bench has it: it tells what happens to credentials, and keeps those that are not
// discoverable apart, so that no platform sees them where it manages discoverable ones.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "fauxkey/clock.h"
#include "fauxkey/credential_store.h"
#include "keystore/memory_store.h"

namespace fauxkey::control {

class BenchStore final : public CredentialStore {
 public:
  enum class Change : std::uint8_t { added, updated, asserted, deleted, reset };
  /// Called after the change, on the thread that makes it. `credential` is nothing where it is not known (one
  /// that lies in its own id), and for a reset, which deletes all.
  using Observer = std::function<void(Change, ByteView id, const Credential* credential)>;

  BenchStore(std::unique_ptr<CredentialStore> store, const Clock& clock)
      : store_{std::move(store)}, by_id_{std::make_unique<MemoryStore>(clock)} {}
  void observe(Observer observer) { observer_ = std::move(observer); }

  /// Of whatever kind, the discoverable ones first; few are in memory at a time.
  [[nodiscard]] StoreResult<void> each(const std::function<void(const Credential&)>& visit);
  /// Where a page begins.
  struct Place {
    bool by_id = false;  ///< among those that are not discoverable, which come last
    std::uint64_t cursor = 0;
  };
  struct PageOfAll {
    std::vector<Credential> credentials;
    std::optional<Place> next;  ///< nothing at the end
  };
  /// As `page`, of whatever kind.
  [[nodiscard]] StoreResult<PageOfAll> page_of_all(Place from, std::size_t limit);
  [[nodiscard]] StoreResult<std::size_t> count_all();
  /// False where the store's counters never go back, and this would.
  [[nodiscard]] StoreResult<bool> set_sign_count(ByteView id, std::uint32_t count);
  /// In memory, whatever this one is kept in.
  [[nodiscard]] StoreResult<std::unique_ptr<BenchStore>> copy(const Clock& clock);
  /// Holds what the other one does. Both are in memory.
  void become(BenchStore& other);
  [[nodiscard]] bool lasts() const { return dynamic_cast<MemoryStore*>(store_.get()) == nullptr; }

  [[nodiscard]] StoreResult<void> put_all(std::span<const Credential> credentials) override;
  [[nodiscard]] StoreResult<bool> update(const Credential& credential) override;
  [[nodiscard]] StoreResult<std::optional<Credential>> find(ByteView credential_id) override;
  [[nodiscard]] StoreResult<std::vector<Credential>> find_by_rp(const RpIdHash& rp_id_hash) override {
    return store_->find_by_rp(rp_id_hash);
  }
  [[nodiscard]] StoreResult<bool> erase(ByteView credential_id) override;
  [[nodiscard]] StoreResult<std::size_t> count() override { return store_->count(); }
  [[nodiscard]] StoreResult<Page> page(std::uint64_t cursor, std::size_t limit) override {
    return store_->page(cursor, limit);
  }
  [[nodiscard]] StoreResult<Page> page_by_rp(const RpIdHash& rp_id_hash, std::uint64_t cursor,
                                             std::size_t limit) override {
    return store_->page_by_rp(rp_id_hash, cursor, limit);
  }
  [[nodiscard]] StoreResult<Page> page_relying_parties(std::uint64_t cursor, std::size_t limit) override {
    return store_->page_relying_parties(cursor, limit);
  }
  [[nodiscard]] StoreResult<std::size_t> count_relying_parties() override {
    return store_->count_relying_parties();
  }
  [[nodiscard]] StoreResult<std::uint64_t> revision() override { return store_->revision(); }
  [[nodiscard]] StoreResult<std::uint32_t> next_sign_count(ByteView credential_id) override;
  [[nodiscard]] StoreResult<SignCounter> sign_counter(ByteView credential_id) override {
    return store_->sign_counter(credential_id);
  }
  [[nodiscard]] StoreResult<void> raise_sign_count(ByteView credential_id, std::uint32_t at_least) override {
    return store_->raise_sign_count(credential_id, at_least);
  }
  [[nodiscard]] StoreResult<std::optional<SecretBytes>> load(RecordKind kind) override {
    return store_->load(kind);
  }
  [[nodiscard]] StoreResult<void> save(RecordKind kind, ByteView value) override {
    return store_->save(kind, value);
  }
  [[nodiscard]] StoreResult<void> reset() override;

 private:
  void tell(Change change, ByteView id, const Credential* credential) const {
    if (observer_) observer_(change, id, credential);
  }

  std::unique_ptr<CredentialStore> store_;
  std::unique_ptr<MemoryStore> by_id_;  ///< those that are not discoverable; counters lie in `store_`
  Observer observer_;
};

}  // namespace fauxkey::control
