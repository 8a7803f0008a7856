// The operations that the writer makes, from a seed and their number alone, and what a store must hold after
// them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"

namespace kill9 {

using namespace fauxkey;

struct Operation {
  enum class Kind : std::uint8_t { put, update, count, erase, save, reset };
  Kind kind{};
  std::uint64_t number = 0;  ///< all its content follows from it
  int slot = 0;              ///< which user of which relying party
};

inline constexpr int kRelyingParties = 5;
inline constexpr int kSlots = 60;

/// Operation `number` of the run with that seed.
inline Operation operation(std::uint64_t seed, std::uint64_t number) {
  SeededRandom random{seed * 1'000'003 + number};
  const auto bytes = random.bytes<4>();
  const int dice = (bytes[0] | bytes[1] << 8) % 1000;
  Operation out{Operation::Kind::put, number, (bytes[2] | bytes[3] << 8) % kSlots};
  if (dice < 450) return out;
  out.kind = dice < 500   ? Operation::Kind::update
             : dice < 890 ? Operation::Kind::count
             : dice < 940 ? Operation::Kind::erase
             : dice < 999 ? Operation::Kind::save
                          : Operation::Kind::reset;
  return out;
}

/// The credential that operation `number` puts into the slot.
inline Credential credential(std::uint64_t seed, std::uint64_t number, int slot) {
  SeededRandom random{~seed * 1'000'003 + number};
  Credential out;
  const auto id = random.bytes<32>();
  out.id.assign(id.begin(), id.end());
  out.rp_id = "rp" + std::to_string(slot % kRelyingParties) + ".example";
  crypto_hash_sha256(out.rp_id_hash.data(), reinterpret_cast<const unsigned char*>(out.rp_id.data()),
                     out.rp_id.size());
  const std::string user = "user" + std::to_string(slot);
  out.user.id.assign(user.begin(), user.end());
  out.user.display_name = "put by operation " + std::to_string(number);
  out.private_key = SecretBytes::copy_of(random.bytes<32>());
  out.cred_random_with_uv = random.secret<32>();
  out.cred_random_without_uv = random.secret<32>();
  out.discoverable = true;
  out.created_at = static_cast<std::int64_t>(number);
  return out;
}

/// What the store holds, in the model's terms.
struct Model {
  struct Held {
    std::uint64_t put = 0;      ///< the operation that put it
    std::uint64_t updated = 0;  ///< the last that updated it; 0: none
    friend bool operator==(const Held&, const Held&) = default;
  };
  std::map<int, Held> slots;
  std::map<Bytes, std::uint32_t> counters;
  std::optional<std::uint64_t> record;  ///< the operation that saved it

  void apply(std::uint64_t seed, const Operation& operation) {
    const auto held = slots.find(operation.slot);
    switch (operation.kind) {
      case Operation::Kind::put:
        slots[operation.slot] = {operation.number, 0};
        break;
      case Operation::Kind::update:
        if (held != slots.end()) held->second.updated = operation.number;
        break;
      case Operation::Kind::count:
        if (held != slots.end()) ++counters[credential(seed, held->second.put, operation.slot).id];
        break;
      case Operation::Kind::erase:
        slots.erase(operation.slot);
        break;
      case Operation::Kind::save:
        record = operation.number;
        break;
      case Operation::Kind::reset:
        slots.clear();
        counters.clear();
        record.reset();
        break;
    }
  }
};

/// The credential as the store must give it.
inline Credential expected(std::uint64_t seed, int slot, const Model::Held& held) {
  Credential out = credential(seed, held.put, slot);
  if (held.updated != 0) out.user.display_name = "updated by operation " + std::to_string(held.updated);
  return out;
}

inline Bytes record_value(std::uint64_t number) {
  const std::string text = "saved by operation " + std::to_string(number);
  return {text.begin(), text.end()};
}

}  // namespace kill9
