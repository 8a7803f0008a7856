#include "keystore/memory_store.h"

#include <algorithm>
#include <utility>

#include "keystore/limits.h"

namespace fauxkey {
namespace {
Bytes bytes_of(ByteView view) { return {view.begin(), view.end()}; }

const Clock& system_clock() {
  static const SystemClock kClock;
  return kClock;
}
}  // namespace

MemoryStore::MemoryStore() : MemoryStore{system_clock()} {}

StoreResult<std::unique_ptr<MemoryStore>> MemoryStore::copy_of(CredentialStore& other, const Clock& clock) {
  constexpr std::size_t kStep = 100;
  auto copy = std::make_unique<MemoryStore>(clock);
  if (auto* const memory = dynamic_cast<MemoryStore*>(&other)) {
    copy->become(*memory);
    return copy;
  }
  std::uint64_t cursor = 0;
  do {
    auto page = other.page(cursor, kStep);
    if (!page) return std::unexpected{page.error()};
    for (auto& credential : page->credentials) {
      const auto counter = other.sign_counter(credential.id);
      if (!counter) return std::unexpected{counter.error()};
      copy->counters_[credential.id] = *counter;
      copy->put_one(std::move(credential));
    }
    cursor = page->next_cursor;
  } while (cursor != 0);
  const auto global = other.sign_counter(kGlobalCounter);
  if (!global) return std::unexpected{global.error()};
  copy->counters_[Bytes{kGlobalCounter.begin(), kGlobalCounter.end()}] = *global;
  for (const auto kind : {RecordKind::wrap_key, RecordKind::pin, RecordKind::attestation, RecordKind::config,
                          RecordKind::large_blobs, RecordKind::identity, RecordKind::fingerprints,
                          RecordKind::built_in_uv, RecordKind::enterprise}) {
    auto record = other.load(kind);
    if (!record) return std::unexpected{record.error()};
    if (*record) copy->records_[kind] = *std::move(*record);
  }
  return copy;
}

void MemoryStore::become(MemoryStore& other) {
  if (&other == this) return;
  const std::scoped_lock lock{mutex_, other.mutex_};
  std::map<Sequence, Credential> credentials;
  for (const auto& [sequence, credential] : other.credentials_)
    credentials.emplace(sequence, credential.clone());
  std::map<RecordKind, SecretBytes> records;
  for (const auto& [kind, record] : other.records_) records.emplace(kind, record.clone());
  credentials_ = std::move(credentials);
  records_ = std::move(records);
  by_id_ = other.by_id_;
  by_rp_ = other.by_rp_;
  counters_ = other.counters_;
  last_ = std::max(last_, other.last_);
  revision_ = std::max(revision_, other.revision_) + 1;
}

void MemoryStore::set_sign_count(ByteView credential_id, std::uint32_t count) {
  const std::scoped_lock lock{mutex_};
  counters_[bytes_of(credential_id)].count = count;
}

void MemoryStore::remove(Sequence sequence) {
  const auto it = credentials_.find(sequence);
  if (it == credentials_.end()) return;
  const Credential& credential = it->second;
  by_id_.erase(credential.id);
  const auto rp = by_rp_.find(credential.rp_id_hash);
  rp->second.users.erase(keystore::account_key(credential));
  rp->second.sequences.erase(sequence);
  if (rp->second.users.empty()) by_rp_.erase(rp);
  credentials_.erase(it);
}

StoreResult<void> MemoryStore::put_all(std::span<const Credential> credentials) {
  std::vector<Credential> copies;
  copies.reserve(credentials.size());
  for (const Credential& credential : credentials) {
    if (!keystore::fits(credential)) return std::unexpected{keystore::record_too_large()};
    copies.push_back(credential.clone());
  }
  const std::scoped_lock lock{mutex_};
  for (Credential& copy : copies) put_one(std::move(copy));
  return {};
}

void MemoryStore::put_one(Credential credential) {
  const Bytes account = keystore::account_key(credential);
  if (const auto same_id = by_id_.find(credential.id); same_id != by_id_.end()) remove(same_id->second);
  if (const auto rp = by_rp_.find(credential.rp_id_hash); rp != by_rp_.end()) {
    const auto& users = rp->second.users;
    if (const auto user = users.find(account); user != users.end()) remove(user->second);
  }
  const Sequence sequence = ++last_;
  ++revision_;
  by_id_[credential.id] = sequence;
  RelyingParty& rp = by_rp_[credential.rp_id_hash];
  rp.users[account] = sequence;
  rp.sequences.insert(sequence);
  credentials_.emplace(sequence, std::move(credential));
}

StoreResult<bool> MemoryStore::update(const Credential& credential) {
  if (!keystore::fits(credential)) return std::unexpected{keystore::record_too_large()};
  Credential copy = credential.clone();
  const std::scoped_lock lock{mutex_};
  const auto sequence = by_id_.find(credential.id);
  if (sequence == by_id_.end()) return false;
  Credential& stored = credentials_.at(sequence->second);
  if (stored.rp_id_hash != credential.rp_id_hash ||
      keystore::account_key(stored) != keystore::account_key(credential)) {
    return false;
  }
  stored = std::move(copy);
  ++revision_;
  return true;
}

StoreResult<std::optional<Credential>> MemoryStore::find(ByteView credential_id) {
  const std::scoped_lock lock{mutex_};
  const auto sequence = by_id_.find(bytes_of(credential_id));
  if (sequence == by_id_.end()) return std::nullopt;
  return credentials_.at(sequence->second).clone();
}

StoreResult<std::vector<Credential>> MemoryStore::find_by_rp(const RpIdHash& rp_id_hash) {
  const std::scoped_lock lock{mutex_};
  std::vector<Credential> found;
  const auto rp = by_rp_.find(rp_id_hash);
  if (rp == by_rp_.end()) return found;
  const auto& sequences = rp->second.sequences;
  found.reserve(sequences.size());
  for (auto it = sequences.rbegin(); it != sequences.rend(); ++it) {
    found.push_back(credentials_.at(*it).clone());
  }
  return found;
}

StoreResult<bool> MemoryStore::erase(ByteView credential_id) {
  const std::scoped_lock lock{mutex_};
  const auto sequence = by_id_.find(bytes_of(credential_id));
  if (sequence == by_id_.end()) return false;
  remove(sequence->second);
  ++revision_;
  return true;
}

StoreResult<std::size_t> MemoryStore::count() {
  const std::scoped_lock lock{mutex_};
  return credentials_.size();
}

// A cursor is the place of the page's first credential in the order of creation.

StoreResult<CredentialStore::Page> MemoryStore::page(std::uint64_t cursor, std::size_t limit) {
  const std::scoped_lock lock{mutex_};
  Page page;
  for (auto it = credentials_.lower_bound(cursor); it != credentials_.end(); ++it) {
    if (!add(page, *it, limit)) break;
  }
  return page;
}

StoreResult<CredentialStore::Page> MemoryStore::page_by_rp(const RpIdHash& rp_id_hash, std::uint64_t cursor,
                                                           std::size_t limit) {
  const std::scoped_lock lock{mutex_};
  Page page;
  const auto rp = by_rp_.find(rp_id_hash);
  if (rp == by_rp_.end()) return page;
  const auto& sequences = rp->second.sequences;
  for (auto it = sequences.lower_bound(cursor); it != sequences.end(); ++it) {
    if (!add(page, *credentials_.find(*it), limit)) break;
  }
  return page;
}

StoreResult<CredentialStore::Page> MemoryStore::page_relying_parties(std::uint64_t cursor,
                                                                     std::size_t limit) {
  const std::scoped_lock lock{mutex_};
  Page page;
  for (auto it = credentials_.lower_bound(cursor); it != credentials_.end(); ++it) {
    const bool first = *by_rp_.at(it->second.rp_id_hash).sequences.begin() == it->first;
    if (first && !add(page, *it, limit)) break;
  }
  return page;
}

bool MemoryStore::add(Page& page, const std::pair<const Sequence, Credential>& entry, std::size_t limit) {
  if (page.credentials.size() == keystore::page_size(limit)) {
    page.next_cursor = entry.first;
    return false;
  }
  page.credentials.push_back(entry.second.clone());
  return true;
}

StoreResult<std::size_t> MemoryStore::count_relying_parties() {
  const std::scoped_lock lock{mutex_};
  return by_rp_.size();
}

StoreResult<std::uint64_t> MemoryStore::revision() {
  const std::scoped_lock lock{mutex_};
  return revision_;
}

StoreResult<std::uint32_t> MemoryStore::next_sign_count(ByteView credential_id) {
  const std::scoped_lock lock{mutex_};
  SignCounter& counter = counters_[bytes_of(credential_id)];
  if (counter.count == keystore::kMaxSignCount) return std::unexpected{keystore::counter_exhausted()};
  counter.last_used = clock_.unix_time();
  return ++counter.count;
}

StoreResult<SignCounter> MemoryStore::sign_counter(ByteView credential_id) {
  const std::scoped_lock lock{mutex_};
  const auto counter = counters_.find(bytes_of(credential_id));
  return counter != counters_.end() ? counter->second : SignCounter{};
}

StoreResult<void> MemoryStore::raise_sign_count(ByteView credential_id, std::uint32_t at_least) {
  const std::scoped_lock lock{mutex_};
  SignCounter& counter = counters_[bytes_of(credential_id)];
  counter.count = std::max(counter.count, at_least);
  return {};
}

StoreResult<std::optional<SecretBytes>> MemoryStore::load(RecordKind kind) {
  const std::scoped_lock lock{mutex_};
  const auto record = records_.find(kind);
  if (record == records_.end()) return std::nullopt;
  return record->second.clone();
}

StoreResult<void> MemoryStore::save(RecordKind kind, ByteView value) {
  if (value.size() > keystore::kMaxRecord) return std::unexpected{keystore::record_too_large()};
  SecretBytes copy = SecretBytes::copy_of(value);
  const std::scoped_lock lock{mutex_};
  records_[kind] = std::move(copy);
  return {};
}

StoreResult<void> MemoryStore::reset() {
  const std::scoped_lock lock{mutex_};
  ++revision_;
  credentials_.clear();
  by_id_.clear();
  by_rp_.clear();
  counters_.clear();
  std::erase_if(records_, [](const auto& entry) { return !keystore::survives_reset(entry.first); });
  return {};
}

}  // namespace fauxkey
