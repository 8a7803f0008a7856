#include "control/faults/rules.h"

#include <algorithm>
#include <utility>

#include "control/faults/action.h"
#include "control/faults/match.h"

namespace fauxkey::control::faults {
namespace {

constexpr std::size_t kMaxToldCounters = 1000;
constexpr std::int64_t kMaxTimes = 0xFFFF'FFFF;

}  // namespace

struct Rules::Rule {
  Id id = 0;
  Match match;
  std::shared_ptr<const Action> action;
  std::optional<std::uint64_t> times = 1;

  std::uint64_t seen = 0;
  std::uint64_t hits = 0;
  std::uint64_t pending = 0;  ///< hits that are not yet known to be used
  // A storm that a hit has begun.
  std::uint64_t storm_requests = 0;
  std::optional<Clock::TimePoint> storm_end;

  [[nodiscard]] bool is_stormy(Clock::TimePoint now) const {
    return storm_requests > 0 || (storm_end && now < *storm_end);
  }
  void begin_storm(Clock::TimePoint now) {
    storm_requests = static_cast<std::uint64_t>(action->arguments.number("requests")) - 1;
    if (const auto* milliseconds = action->arguments.find<std::int64_t>("milliseconds"))
      storm_end = now + std::chrono::milliseconds{*milliseconds};
  }
  [[nodiscard]] Json json() const {
    Json json{{"id", id}, {"match", match.json}, {"action", action->json()}};
    json["times"] = times ? Json(*times) : Json(nullptr);
    json["layer"] = action->row->layer();
    json["seen"] = seen;
    json["hits"] = hits;
    return json;
  }
};

Rules::Rule Rules::read(const Json& json) {
  check_members(json, "", {"match", "action", "times"});
  Rule rule;
  if (const auto match = json.find("match"); match != json.end()) rule.match = Match::read(*match);
  const auto action = json.find("action");
  if (action == json.end())
    throw RuleError{"action", "action is missing: a rule has to say what goes wrong."};
  rule.action = std::make_shared<const Action>(Action::read(*action, rule.match.row));
  if (const auto times = json.find("times"); times != json.end()) {
    if (times->is_null())
      rule.times = std::nullopt;
    else
      rule.times = static_cast<std::uint64_t>(whole_number(*times, "times", 1, kMaxTimes));
  }
  return rule;
}

Id Rules::add(const Json& json) {
  auto rule = std::make_shared<Rule>(read(json));
  const std::lock_guard lock{mutex_};
  if (rules_.size() >= kMax) {
    throw RuleError{"", "There are " + std::to_string(kMax) +
                            " rules, as many as a key may have: remove some that are used up."};
  }
  rule->id = ++last_id_;
  rules_.push_back(rule);
  return rule->id;
}

Json Rules::list() const {
  Json list = Json::array();
  const std::lock_guard lock{mutex_};
  for (const auto& rule : rules_) list.push_back(rule->json());
  return list;
}

std::optional<Json> Rules::get(Id id) const {
  const std::lock_guard lock{mutex_};
  for (const auto& rule : rules_) {
    if (rule->id == id) return rule->json();
  }
  return std::nullopt;
}

bool Rules::remove(Id id) {
  const std::lock_guard lock{mutex_};
  return std::erase_if(rules_, [id](const auto& rule) { return rule->id == id; }) > 0;
}

void Rules::clear() {
  const std::lock_guard lock{mutex_};
  rules_.clear();
  told_counters_.clear();
}

bool Rules::empty() const {
  const std::lock_guard lock{mutex_};
  return rules_.empty();
}

std::vector<Hit> Rules::match(const Request& request, Clock::TimePoint now) {
  std::vector<Hit> hits;
  const std::lock_guard lock{mutex_};
  for (const auto& rule : rules_) {
    if (rule->is_stormy(now)) {
      if (rule->storm_requests > 0) --rule->storm_requests;
      hits.emplace_back(nullptr, rule->id, rule->action);  // all of a storm is one hit
      continue;
    }
    if ((rule->action->kinds & request.kind) == 0 || !rule->match.holds(request)) continue;
    ++rule->seen;
    if (rule->seen < rule->match.nth) continue;
    if (rule->times && rule->hits + rule->pending >= *rule->times) continue;
    if (rule->action->row->storm) rule->begin_storm(now);
    ++rule->pending;
    hits.emplace_back(this, rule->id, rule->action);
  }
  return hits;
}

void Rules::release(Id id, bool used) {
  const std::lock_guard lock{mutex_};
  for (const auto& rule : rules_) {
    if (rule->id != id) continue;
    --rule->pending;
    if (used) ++rule->hits;
  }
}

std::optional<std::uint32_t> Rules::told_counter(ByteView credential_id) const {
  const std::lock_guard lock{mutex_};
  const auto found = told_counters_.find(Bytes{credential_id.begin(), credential_id.end()});
  if (found == told_counters_.end()) return std::nullopt;
  return found->second;
}

void Rules::tell_counter(ByteView credential_id, std::uint32_t counter) {
  const std::lock_guard lock{mutex_};
  Bytes id{credential_id.begin(), credential_id.end()};
  // Forgotten ones are taken to have told what the key says, which they did before their first fault.
  if (told_counters_.size() >= kMaxToldCounters && !told_counters_.contains(id)) told_counters_.clear();
  told_counters_[std::move(id)] = counter;
}

bool Rules::has_told_counters() const {
  const std::lock_guard lock{mutex_};
  return !told_counters_.empty();
}

Hit::Hit(Hit&& other) noexcept
    : rules_{std::exchange(other.rules_, nullptr)}, rule_{other.rule_}, action_{std::move(other.action_)} {}

Hit::~Hit() {
  if (rules_ != nullptr) rules_->release(rule_, false);
}

void Hit::use() {
  if (rules_ != nullptr) std::exchange(rules_, nullptr)->release(rule_, true);
}

}  // namespace fauxkey::control::faults
