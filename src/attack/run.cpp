#include "attack/run.h"

#include <algorithm>

#include "attack/error.h"

namespace fauxkey::attack {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds since(Clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
}

Outcome outcome_of(Verdict expected, bool accepted) {
  switch (expected) {
    case Verdict::reject:
    case Verdict::should_reject:
      return accepted ? Outcome::not_rejected : Outcome::as_expected;
    case Verdict::accept:
      return accepted ? Outcome::as_expected : Outcome::not_accepted;
    case Verdict::may:
      break;
  }
  return Outcome::site_policy;
}

/// Correct ceremonies of the kinds that scenarios are about, each played once.
class Controls {
 public:
  Controls(Player& player, Report& report) : player_{player}, report_{report} {}

  /// Before and after everything; throws SiteUnusable.
  void plain(const char* when) {
    for (const auto ceremony : {Ceremony::registration, Ceremony::login}) {
      Scenario plain;
      plain.ceremony = ceremony;
      const auto played = player_.control(plain);
      if (played.kind == Player::Played::Kind::judged && played.accepted) {
        ++report_.controls;
        continue;
      }
      throw SiteUnusable{
          "A correct " + std::string{attack::name_of(ceremony)} + " " + when +
          " the scenarios is not accepted (" + played.said +
          "), so that nothing that the site refuses means anything: see that the site works, and "
          "that the site file describes it."};
    }
  }

  /// Under a registration scenario's conditions. (A login scenario begins with its own.)
  [[nodiscard]] const Player::Played& like(const Scenario& scenario) {
    for (const auto& [known, played] : played_) {
      if (known->has_conditions_of(scenario)) return played;
    }
    played_.emplace_back(&scenario, player_.control(scenario));
    const auto& played = played_.back().second;
    if (played.kind == Player::Played::Kind::judged && played.accepted) ++report_.controls;
    return played;
  }

 private:
  Player& player_;
  Report& report_;
  std::vector<std::pair<const Scenario*, Player::Played>> played_;
};

void take(Result& result, const Player::Played& played) {
  result.said = played.said;
  switch (played.kind) {
    case Player::Played::Kind::not_applicable:
      result.outcome = Outcome::not_applicable;
      return;
    case Player::Played::Kind::error:
      result.outcome = Outcome::error;
      return;
    case Player::Played::Kind::judged:
      break;
  }
  result.outcome = outcome_of(result.expected, played.accepted);
  result.site = played.accepted ? "accepted" : played.stumbled ? "rejected (server error)" : "rejected";
}

}  // namespace

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::as_expected:
      return "ok";
    case Outcome::not_rejected:
      return "NOT REJECTED";
    case Outcome::not_accepted:
      return "NOT ACCEPTED";
    case Outcome::site_policy:
      return "policy";
    case Outcome::not_applicable:
      return "not applicable";
    case Outcome::error:
      break;
  }
  return "error";
}

std::size_t Report::count(Outcome outcome) const {
  return static_cast<std::size_t>(std::ranges::count(results, outcome, &Result::outcome));
}

bool Report::is_good() const {
  return count(Outcome::not_rejected) == 0 && count(Outcome::not_accepted) == 0 && count(Outcome::error) == 0;
}

Report run(Player& player, const Site& site, const std::vector<const Scenario*>& scenarios,
           const RunOptions& options) {
  const auto begin = Clock::now();
  Report report{.site = options.base,
                .shape = site.name,
                .way = player.way(),
                .policies = options.policies,
                .results = {}};
  Controls controls{player, report};
  controls.plain("before");
  report.results.reserve(scenarios.size());
  for (const auto* const scenario : scenarios) {
    if (options.on_begin) options.on_begin(*scenario);
    Result result{
        .scenario = scenario, .expected = scenario->expected(options.policies), .site = {}, .said = {}};
    const auto started = Clock::now();
    const auto* const control =
        scenario->ceremony == Ceremony::registration ? &controls.like(*scenario) : nullptr;
    // Where only such a key's registration is played, the control would be the scenario.
    const bool is_own_control = scenario->backup_eligible && scenario->faults.empty();
    if (control != nullptr && !is_own_control && control->kind == Player::Played::Kind::judged &&
        !control->accepted) {
      // Of some formats it is the site's choice whether it takes any.
      result.outcome = scenario->attestation_style ? Outcome::not_applicable : Outcome::error;
      result.said = "a correct registration under the same conditions is refused, too: " + control->said;
    } else if (control != nullptr && control->kind != Player::Played::Kind::judged) {
      take(result, *control);
    } else {
      take(result, player.play(*scenario));
    }
    result.took = since(started);
    report.results.push_back(std::move(result));
  }
  controls.plain("after");
  report.accounts = player.accounts();
  report.took = since(begin);
  return report;
}

}  // namespace fauxkey::attack
