// Does the model's operations on a store, and looks whether the store holds what the model does.
#pragma once

#include <algorithm>
#include <vector>

#include "keystore/sqlite_store.h"
#include "model.h"

namespace kill9 {

/// The store's part of an operation; false where the store said no.
inline bool perform(SqliteStore& store, std::uint64_t seed, const Model& before, const Operation& operation) {
  const auto held = before.slots.find(operation.slot);
  const bool there = held != before.slots.end();
  switch (operation.kind) {
    case Operation::Kind::put:
      return store.put(credential(seed, operation.number, operation.slot)).has_value();
    case Operation::Kind::update:
      if (!there) return true;
      return store.update(expected(seed, operation.slot, {held->second.put, operation.number}))
          .value_or(false);
    case Operation::Kind::count:
      if (!there) return true;
      return store.next_sign_count(credential(seed, held->second.put, operation.slot).id).has_value();
    case Operation::Kind::erase:
      if (!there) return true;
      return store.erase(credential(seed, held->second.put, operation.slot).id).value_or(false);
    case Operation::Kind::save:
      return store.save(RecordKind::pin, record_value(operation.number)).has_value();
    case Operation::Kind::reset:
      return store.reset().has_value();
  }
  return false;
}

inline bool same(const Credential& a, const Credential& b) {
  return a.id == b.id && a.rp_id_hash == b.rp_id_hash && a.rp_id == b.rp_id && a.user.id == b.user.id &&
         a.user.display_name == b.user.display_name && a.created_at == b.created_at &&
         equal_in_constant_time(a.private_key, b.private_key) &&
         equal_in_constant_time(a.cred_random_with_uv, b.cred_random_with_uv) &&
         equal_in_constant_time(a.cred_random_without_uv, b.cred_random_without_uv);
}

struct Findings {
  int lost = 0;        ///< credentials or records that were acknowledged and are not there as they were
  int back = 0;        ///< counters that went back
  int unreadable = 0;  ///< records that fail their authentication, or a store that does not open
  int surplus = 0;     ///< what is there and never was acknowledged nor under way
  [[nodiscard]] bool none() const { return lost + back + unreadable + surplus == 0; }
  void add(const Findings& other) {
    lost += other.lost;
    back += other.back;
    unreadable += other.unreadable;
    surplus += other.surplus;
  }
};

/// Credentials and record against a model; counters are left to `compare_counters`, which changes them.
inline Findings compare(SqliteStore& store, std::uint64_t seed, const Model& model) {
  Findings findings;
  const auto health = store.check();
  if (!health || !health->sound()) ++findings.unreadable;
  for (const auto& [slot, held] : model.slots) {
    const Credential wanted = expected(seed, slot, held);
    const auto found = store.find(wanted.id);
    if (!found) {
      ++findings.unreadable;
    } else if (!*found || !same(**found, wanted)) {
      ++findings.lost;
    }
  }
  for (int rp = 0; rp < kRelyingParties; ++rp) {
    std::vector<Bytes> wanted;
    for (const auto& [slot, held] : model.slots) {
      if (slot % kRelyingParties == rp) wanted.push_back(credential(seed, held.put, slot).id);
    }
    const auto found = store.find_by_rp(credential(seed, 0, rp).rp_id_hash);
    std::vector<Bytes> ids;
    if (found) {
      for (const Credential& one : *found) ids.push_back(one.id);
    }
    std::ranges::sort(ids);
    std::ranges::sort(wanted);
    if (!std::ranges::includes(ids, wanted)) ++findings.lost;
    if (!std::ranges::includes(wanted, ids)) ++findings.surplus;
  }
  const auto count = store.count();
  if (!count || *count > model.slots.size()) ++findings.surplus;
  const auto record = store.load(RecordKind::pin);
  if (!record) {
    ++findings.unreadable;
  } else if (record->has_value() != model.record.has_value()) {
    ++(model.record ? findings.lost : findings.surplus);
  } else if (model.record && !std::ranges::equal((*record)->view(), record_value(*model.record))) {
    ++findings.lost;
  }
  return findings;
}

/// A counter may skip so far ahead where its process was killed.
inline constexpr std::uint32_t kMaxSkip = 64;

/// Each counter that is not as it was `before` must give more than the model's, and not more than it may
/// skip.
inline Findings compare_counters(SqliteStore& store, Model& model, const Model& with_next,
                                 const std::map<Bytes, std::uint32_t>& before) {
  Findings findings;
  std::map<Bytes, std::uint32_t> all = with_next.counters;
  all.insert(model.counters.begin(), model.counters.end());
  for (const auto& [id, unused] : all) {
    const auto value_in = [&](const Model& in) {
      const auto at = in.counters.find(id);
      return at == in.counters.end() ? 0U : at->second;
    };
    const auto known = before.find(id);
    if (known != before.end() && known->second == value_in(model) && known->second == value_in(with_next))
      continue;
    const auto now = store.next_sign_count(id);
    if (!now) {
      ++findings.unreadable;
      continue;
    }
    // Where a reset was under way it may have been done.
    const bool may_be_gone = value_in(with_next) == 0;
    if (*now <= value_in(model) && !may_be_gone) ++findings.back;
    if (*now > std::max(value_in(model), value_in(with_next)) + kMaxSkip + 1) ++findings.surplus;
    model.counters[id] = *now;
  }
  return findings;
}

}  // namespace kill9
