#include "control/bench_store.h"

#include <algorithm>

namespace fauxkey::control {
namespace {

constexpr std::size_t kStep = 100;

StoreResult<void> walk(CredentialStore& store, const std::function<void(const Credential&)>& visit) {
  std::uint64_t cursor = 0;
  do {
    auto page = store.page(cursor, kStep);
    if (!page) return std::unexpected{page.error()};
    for (const auto& credential : page->credentials) visit(credential);
    cursor = page->next_cursor;
  } while (cursor != 0);
  return {};
}

}  // namespace

StoreResult<void> BenchStore::each(const std::function<void(const Credential&)>& visit) {
  if (auto walked = walk(*store_, visit); !walked) return walked;
  return walk(*by_id_, visit);
}

StoreResult<BenchStore::PageOfAll> BenchStore::page_of_all(Place from, std::size_t limit) {
  auto page = (from.by_id ? *by_id_ : *store_).page(from.cursor, limit);
  if (!page) return std::unexpected{page.error()};
  PageOfAll all{.credentials = std::move(page->credentials), .next = {}};
  if (page->next_cursor != 0)
    all.next = Place{.by_id = from.by_id, .cursor = page->next_cursor};
  else if (!from.by_id)
    all.next = Place{.by_id = true, .cursor = 0};
  return all;
}

StoreResult<std::size_t> BenchStore::count_all() {
  const auto discoverable = store_->count();
  if (!discoverable) return discoverable;
  const auto others = by_id_->count();
  if (!others) return others;
  return *discoverable + *others;
}

StoreResult<bool> BenchStore::set_sign_count(ByteView id, std::uint32_t count) {
  if (auto* const memory = dynamic_cast<MemoryStore*>(store_.get())) {
    memory->set_sign_count(id, count);
    return true;
  }
  const auto now = store_->sign_counter(id);
  if (!now) return std::unexpected{now.error()};
  if (count < now->count) return false;
  if (auto raised = store_->raise_sign_count(id, count); !raised) return std::unexpected{raised.error()};
  return true;
}

StoreResult<std::unique_ptr<BenchStore>> BenchStore::copy(const Clock& clock) {
  auto store = MemoryStore::copy_of(*store_, clock);
  if (!store) return std::unexpected{store.error()};
  auto by_id = MemoryStore::copy_of(*by_id_, clock);
  if (!by_id) return std::unexpected{by_id.error()};
  auto copy = std::make_unique<BenchStore>(*std::move(store), clock);
  copy->by_id_ = *std::move(by_id);
  return copy;
}

void BenchStore::become(BenchStore& other) {
  auto& store = dynamic_cast<MemoryStore&>(*store_);
  store.become(dynamic_cast<MemoryStore&>(*other.store_));
  by_id_->become(*other.by_id_);
}

StoreResult<void> BenchStore::put_all(std::span<const Credential> credentials) {
  std::vector<Credential> discoverable;
  std::vector<Credential> others;
  for (const auto& credential : credentials)
    (credential.discoverable || lasts() ? discoverable : others).push_back(credential.clone());
  if (auto put = store_->put_all(discoverable); !put) return put;
  if (auto put = by_id_->put_all(others); !put) return put;
  for (const auto& credential : credentials) tell(Change::added, credential.id, &credential);
  return {};
}

StoreResult<bool> BenchStore::update(const Credential& credential) {
  auto updated = store_->update(credential);
  if (updated && !*updated) updated = by_id_->update(credential);
  if (updated && *updated) tell(Change::updated, credential.id, &credential);
  return updated;
}

StoreResult<std::optional<Credential>> BenchStore::find(ByteView credential_id) {
  auto found = store_->find(credential_id);
  if (!found || *found) return found;
  return by_id_->find(credential_id);
}

StoreResult<bool> BenchStore::erase(ByteView credential_id) {
  const auto credential = find(credential_id);
  auto erased = store_->erase(credential_id);
  if (erased && !*erased) erased = by_id_->erase(credential_id);
  if (erased && *erased)
    tell(Change::deleted, credential_id, credential && *credential ? &**credential : nullptr);
  return erased;
}

StoreResult<std::uint32_t> BenchStore::next_sign_count(ByteView credential_id) {
  auto count = store_->next_sign_count(credential_id);
  if (count && observer_) {
    const auto credential = find(credential_id);
    tell(Change::asserted, credential_id, credential && *credential ? &**credential : nullptr);
  }
  return count;
}

StoreResult<void> BenchStore::reset() {
  if (auto done = store_->reset(); !done) return done;
  if (auto done = by_id_->reset(); !done) return done;
  tell(Change::reset, {}, nullptr);
  return {};
}

}  // namespace fauxkey::control
