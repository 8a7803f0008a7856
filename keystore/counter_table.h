// The table of signature counters, by lease: what stands in the file is a bound that no assertion has
// reached, and what is counted up to it stays in memory. So most assertions write nothing; whoever kills the
// process makes counters skip ahead, by kLease at most, and never back. A close that ends well writes the
// exact counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include "fauxkey/clock.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "keystore/sealing.h"
#include "keystore/sqlite.h"

namespace fauxkey::keystore {

/// All must outlive it.
class CounterTable {
 public:
  /// So many counts are had for one write.
  static constexpr std::uint32_t kLease = 64;
  /// So many counters are leased at a time; the one that was used least recently makes room.
  static constexpr std::size_t kMaxLeases = 4096;

  CounterTable(const Database& database, const Keys& keys, Random& random, const Clock& clock);
  [[nodiscard]] StoreResult<void> prepare();

  /// The next count where the lease has one: nothing is written.
  [[nodiscard]] std::optional<std::uint32_t> next_leased(ByteView credential_id);

  // To be called within a transaction; `committed` or `taken_back` must follow.
  /// Takes a lease, and the next count with it.
  struct Taken {
    std::uint32_t count = 0;
    bool is_new = false;  ///< there was no such counter
  };
  [[nodiscard]] StoreResult<Taken> take_lease(ByteView credential_id);
  /// True where there was no such counter.
  [[nodiscard]] StoreResult<bool> raise(ByteView credential_id, std::uint32_t at_least);
  /// Writes the exact counts, as far as a lease is ahead of them.
  [[nodiscard]] StoreResult<void> write_back();
  void committed();
  void taken_back();

  [[nodiscard]] StoreResult<SignCounter> look(ByteView credential_id);
  [[nodiscard]] bool leased() const { return !leases_.empty(); }
  /// All leases are void: the rows are gone, or have the exact counts.
  void forget();

  [[nodiscard]] StoreResult<std::size_t> count() const;
  struct Health {
    std::size_t readable = 0;
    std::size_t damaged = 0;
    std::vector<Tag> damaged_tags;
  };
  [[nodiscard]] StoreResult<Health> check() const;

  /// What cannot be read stays what it is: a counter that begins anew would make its credential look like a
  /// clone.
  [[nodiscard]] StoreResult<void> put(const Tag& tag, const SignCounter& counter);
  [[nodiscard]] StoreResult<void> put_damaged(const Tag& tag, ByteView sealed);

 private:
  struct Lease {
    Tag tag{};
    SignCounter counter;
    std::uint32_t bound = 0;  ///< durable
  };
  using Leases = std::list<Lease>;  ///< the one used last is in front
  struct HashTag {
    std::size_t operator()(const Tag& tag) const;
  };

  [[nodiscard]] Tag tag_of(ByteView credential_id) const;
  [[nodiscard]] Lease* find(const Tag& tag);
  [[nodiscard]] std::optional<SignCounter> open(const Tag& tag, ByteView sealed) const;
  /// Nothing where there is none.
  [[nodiscard]] StoreResult<std::optional<SignCounter>> read(const Tag& tag);
  [[nodiscard]] StoreResult<void> write(const Tag& tag, ByteView sealed);

  const Database& database_;
  const Keys& keys_;
  Random& random_;
  const Clock& clock_;
  Leases leases_;
  std::unordered_map<Tag, Leases::iterator, HashTag> by_tag_;
  /// What the transaction under way makes of the leases.
  std::optional<Lease> pending_;
  bool evicting_ = false;
  struct Statements {
    Statement find, write;
  };
  Statements sql_;
};

}  // namespace fauxkey::keystore
