// Plays scenarios against a site, one after the other, between correct ceremonies that the site has to
// accept.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "attack/http.h"
#include "attack/scenario.h"
#include "attack/site.h"

namespace fauxkey::attack {

enum class Outcome : std::uint8_t {
  as_expected,
  not_rejected,    ///< the site accepted what it has to refuse
  not_accepted,    ///< the site refused what is correct
  site_policy,     ///< either is right
  not_applicable,  ///< the site does not ask for what the scenario deviates from, or this way cannot play it
  error,           ///< the scenario could not be played: nothing is known of the site
};
[[nodiscard]] const char* name_of(Outcome outcome);

struct Result {
  const Scenario* scenario = nullptr;
  Verdict expected = Verdict::reject;
  Outcome outcome = Outcome::error;
  std::string site;  ///< "accepted", "rejected", "rejected (server error)"; empty where it was not asked
  std::string said;  ///< the site's error, or why the scenario was not played
  std::chrono::milliseconds took{0};
};

struct Report {
  std::string site;   ///< its address
  std::string shape;  ///< the site file's name
  std::string way;    ///< "soft client", or the browser's name
  std::vector<std::string> policies;
  std::vector<Result> results;
  std::size_t accounts = 0;  ///< that the site was given names for
  std::size_t controls = 0;  ///< correct ceremonies that it accepted
  std::chrono::milliseconds took{0};

  [[nodiscard]] std::size_t count(Outcome outcome) const;
  [[nodiscard]] bool is_good() const;
};

/// One way to play a scenario.
class Player {
 public:
  virtual ~Player() = default;
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  /// What the ceremony came to. Throws SiteUnusable where the site is gone.
  struct Played {
    enum class Kind : std::uint8_t { judged, not_applicable, error };
    Kind kind = Kind::judged;
    bool accepted = false;
    bool stumbled = false;
    std::string said{};
  };
  [[nodiscard]] virtual Played play(const Scenario& scenario) = 0;
  /// A correct ceremony under these needs, by such a key: a registration, or a registration and a login.
  [[nodiscard]] virtual Played control(const Scenario& like) = 0;
  [[nodiscard]] virtual std::size_t accounts() const = 0;
  [[nodiscard]] virtual std::string way() const = 0;

 protected:
  Player() = default;
};

struct RunOptions {
  std::string base;  ///< the site's address
  std::vector<std::string> policies;
  std::function<void(const Scenario&)> on_begin{};  ///< told before each; may be empty
};

/// Throws SiteUnusable where the site refuses a correct ceremony before or after the scenarios.
[[nodiscard]] Report run(Player& player, const Site& site, const std::vector<const Scenario*>& scenarios,
                         const RunOptions& options);

}  // namespace fauxkey::attack
