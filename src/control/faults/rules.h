// The faults of one key: rules that say which requests go wrong, and how. docs/faults.md tells what a rule
// looks like.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "control/faults/request.h"
#include "control/faults/rule_error.h"
#include "fauxkey/bytes.h"
#include "fauxkey/clock.h"

namespace fauxkey::control::faults {

struct Action;
class Rules;

using Id = std::uint64_t;

/// A rule that holds for a request. It counts as used once `use` was called; otherwise the rule is there for
/// the next request.
class Hit {
 public:
  /// `rules`: to be told whether it was used; nullptr where it does not count.
  Hit(Rules* rules, Id rule, std::shared_ptr<const Action> action)
      : rules_{rules}, rule_{rule}, action_{std::move(action)} {}
  Hit(Hit&& other) noexcept;
  Hit(const Hit&) = delete;
  Hit& operator=(const Hit&) = delete;
  Hit& operator=(Hit&&) = delete;
  ~Hit();

  [[nodiscard]] Id rule() const { return rule_; }
  [[nodiscard]] const Action& action() const { return *action_; }
  void use();

 private:
  Rules* rules_;
  Id rule_;
  std::shared_ptr<const Action> action_;
};

/// Safe to use from several threads; outlives what `wrap` makes with it.
class Rules {
 public:
  static constexpr std::size_t kMax = 1000;

  /// Adds a rule behind those that are there. Throws RuleError.
  Id add(const Json& rule);
  /// An array of all rules: each as it was read, with its action's defaults, and "id", "layer", "seen" (how
  /// many requests it was for) and "hits".
  [[nodiscard]] Json list() const;
  /// One of them; nothing where there is none of that id.
  [[nodiscard]] std::optional<Json> get(Id id) const;
  /// False where there is none of that id.
  bool remove(Id id);
  void clear();

  // For the decorators.
  [[nodiscard]] bool empty() const;
  /// The rules that hold for this request, in their order.
  [[nodiscard]] std::vector<Hit> match(const Request& request, Clock::TimePoint now);

  /// The signature counter that a credential's last answer told, where a fault had told another than the key.
  [[nodiscard]] std::optional<std::uint32_t> told_counter(ByteView credential_id) const;
  void tell_counter(ByteView credential_id, std::uint32_t counter);
  [[nodiscard]] bool has_told_counters() const;

 private:
  friend class Hit;
  struct Rule;

  [[nodiscard]] static Rule read(const Json& json);
  void release(Id id, bool used);

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Rule>> rules_;
  Id last_id_ = 0;
  std::map<Bytes, std::uint32_t> told_counters_;
};

}  // namespace fauxkey::control::faults
