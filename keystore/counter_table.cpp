#include "keystore/counter_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "keystore/limits.h"
#include "keystore/record.h"

namespace fauxkey::keystore {
namespace {

Bytes associated(const Tag& tag) { return associated_data(Table::counters, {tag}); }

}  // namespace

std::size_t CounterTable::HashTag::operator()(const Tag& tag) const {
  // Tags are a keyed hash already.
  std::size_t hash = 0;
  std::memcpy(&hash, tag.data(), sizeof hash);
  return hash;
}

CounterTable::CounterTable(const Database& database, const Keys& keys, Random& random, const Clock& clock)
    : database_{database}, keys_{keys}, random_{random}, clock_{clock} {}

StoreResult<void> CounterTable::prepare() {
  Preparation make{database_};
  sql_ = {
      .find = make("SELECT sealed FROM counters WHERE tag = ?1"),
      .write = make("INSERT OR REPLACE INTO counters(tag, sealed) VALUES(?1, ?2)"),
  };
  if (make.error()) return std::unexpected{*make.error()};
  return {};
}

Tag CounterTable::tag_of(ByteView credential_id) const {
  return keys_.counter_tag(keys_.id_tag(credential_id));
}

CounterTable::Lease* CounterTable::find(const Tag& tag) {
  const auto found = by_tag_.find(tag);
  return found != by_tag_.end() ? &*found->second : nullptr;
}

std::optional<SignCounter> CounterTable::open(const Tag& tag, ByteView sealed) const {
  const auto record = unseal(keys_.counters(), associated(tag), sealed);
  return record ? decode_counter(record->map) : std::nullopt;
}

StoreResult<std::optional<SignCounter>> CounterTable::read(const Tag& tag) {
  Use select{sql_.find};
  select->bind(1, tag);
  const auto row = select->step();
  if (!row) return std::unexpected{row.error()};
  if (!*row) return std::nullopt;
  const auto stored = open(tag, select->blob(0));
  // Never from the start again: a relying party would take the credential for a clone.
  if (!stored) {
    return std::unexpected{StoreError{StoreError::Kind::damaged,
                                      "A signature counter in the keystore '" + database_.path().string() +
                                          "' is damaged: put back a backup of the keystore, or register with "
                                          "that site again."}};
  }
  return stored;
}

StoreResult<void> CounterTable::write(const Tag& tag, ByteView sealed) {
  Use write{sql_.write};
  write->bind(1, tag);
  write->bind(2, sealed);
  return write->run();
}

StoreResult<void> CounterTable::put(const Tag& tag, const SignCounter& counter) {
  return write(tag, seal(keys_.counters(), associated(tag), encode_counter(counter), {}, random_));
}

StoreResult<void> CounterTable::put_damaged(const Tag& tag, ByteView sealed) { return write(tag, sealed); }

std::optional<std::uint32_t> CounterTable::next_leased(ByteView credential_id) {
  const auto found = by_tag_.find(tag_of(credential_id));
  if (found == by_tag_.end()) return std::nullopt;
  Lease& lease = *found->second;
  if (lease.counter.count == lease.bound) return std::nullopt;
  leases_.splice(leases_.begin(), leases_, found->second);
  lease.counter.last_used = clock_.unix_time();
  return ++lease.counter.count;
}

StoreResult<CounterTable::Taken> CounterTable::take_lease(ByteView credential_id) {
  const Tag tag = tag_of(credential_id);
  const Lease* old = find(tag);
  std::optional<SignCounter> counter;
  if (old != nullptr) {
    counter = old->counter;
  } else {
    const auto stored = read(tag);
    if (!stored) return std::unexpected{stored.error()};
    counter = *stored;
  }
  const bool is_new = !counter;
  Lease lease{tag, counter.value_or(SignCounter{}), 0};
  if (lease.counter.count == kMaxSignCount) return std::unexpected{counter_exhausted()};
  lease.bound = lease.counter.count + std::min(kLease, kMaxSignCount - lease.counter.count);
  ++lease.counter.count;
  lease.counter.last_used = clock_.unix_time();
  if (auto written = put(tag, {lease.bound, lease.counter.last_used}); !written)
    return std::unexpected{written.error()};
  evicting_ = old == nullptr && leases_.size() >= kMaxLeases;
  if (evicting_) {
    if (auto written = put(leases_.back().tag, leases_.back().counter); !written)
      return std::unexpected{written.error()};
  }
  pending_ = lease;
  return Taken{lease.counter.count, is_new};
}

StoreResult<bool> CounterTable::raise(ByteView credential_id, std::uint32_t at_least) {
  const Tag tag = tag_of(credential_id);
  SignCounter counter;
  bool is_new = false;
  if (Lease* lease = find(tag)) {
    if (at_least <= lease->bound) {
      lease->counter.count = std::max(lease->counter.count, at_least);
      return false;
    }
    counter = lease->counter;
    pending_ = Lease{tag, {at_least, counter.last_used}, at_least};
  } else {
    const auto stored = read(tag);
    if (!stored) return std::unexpected{stored.error()};
    is_new = !*stored;
    counter = stored->value_or(SignCounter{});
    if (counter.count >= at_least) return false;
  }
  if (auto written = put(tag, {at_least, counter.last_used}); !written)
    return std::unexpected{written.error()};
  return is_new;
}

StoreResult<void> CounterTable::write_back() {
  for (const Lease& lease : leases_) {
    if (auto written = put(lease.tag, lease.counter); !written) return written;
  }
  return {};
}

void CounterTable::committed() {
  if (std::exchange(evicting_, false)) {
    by_tag_.erase(leases_.back().tag);
    leases_.pop_back();
  }
  if (const auto lease = std::exchange(pending_, std::nullopt)) {
    if (Lease* old = find(lease->tag)) {
      *old = *lease;
      return;
    }
    leases_.push_front(*lease);
    by_tag_[lease->tag] = leases_.begin();
  }
}

void CounterTable::taken_back() {
  pending_.reset();
  // The error may have come after the exact count was in the log, where the next process would find it. So no
  // count may be given from the rest of that lease before another write has taken its place.
  if (std::exchange(evicting_, false)) {
    by_tag_.erase(leases_.back().tag);
    leases_.pop_back();
  }
}

StoreResult<SignCounter> CounterTable::look(ByteView credential_id) {
  const Tag tag = tag_of(credential_id);
  if (const Lease* lease = find(tag)) return lease->counter;
  const auto stored = read(tag);
  if (!stored) return std::unexpected{stored.error()};
  return stored->value_or(SignCounter{});
}

void CounterTable::forget() {
  leases_.clear();
  by_tag_.clear();
  pending_.reset();
  evicting_ = false;
}

StoreResult<std::size_t> CounterTable::count() const {
  const auto rows = database_.query_integer("SELECT count(*) FROM counters");
  if (!rows) return std::unexpected{rows.error()};
  return static_cast<std::size_t>(*rows);
}

StoreResult<CounterTable::Health> CounterTable::check() const {
  auto select = database_.prepare("SELECT tag, sealed FROM counters");
  if (!select) return std::unexpected{select.error()};
  Health health;
  for (;;) {
    const auto row = select->step();
    if (!row) return std::unexpected{row.error()};
    if (!*row) return health;
    Tag tag{};
    const ByteView blob = select->blob(0);
    const bool sized = blob.size() == tag.size();
    if (sized) std::ranges::copy(blob, tag.begin());
    const bool readable = sized && open(tag, select->blob(1));
    ++(readable ? health.readable : health.damaged);
    if (!readable) health.damaged_tags.push_back(tag);
  }
}

}  // namespace fauxkey::keystore
