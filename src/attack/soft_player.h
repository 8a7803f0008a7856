// Plays scenarios by the soft client and keys in this process.
#pragma once

#include <expected>
#include <memory>

#include "attack/run.h"
#include "attack/soft_client.h"
#include "attack/visit.h"

namespace fauxkey::attack {

struct SoftSettings {
  std::string base;    ///< the site's address, without a slash at its end
  Origin origin;       ///< that client data name
  KeyConfig key{};     ///< of every key
  std::string run_id;  ///< part of accounts' names
};

class SoftPlayer final : public Player {
 public:
  /// `site` and `http` outlive it.
  SoftPlayer(const Site& site, SoftSettings settings, const Http& http);
  ~SoftPlayer() override;
  SoftPlayer(const SoftPlayer&) = delete;
  SoftPlayer& operator=(const SoftPlayer&) = delete;

  [[nodiscard]] Played play(const Scenario& scenario) override;
  [[nodiscard]] Played control(const Scenario& like) override;
  [[nodiscard]] std::size_t accounts() const override { return accounts_; }
  [[nodiscard]] std::string way() const override { return "soft client"; }

 private:
  class Scene;
  const Site& site_;
  const SoftSettings settings_;
  const Http& http_;
  std::size_t accounts_ = 0;
};

/// The options' side of a scenario's needs: nothing where they are as needed, else what they are instead.
[[nodiscard]] std::string unmet(const Needs& needs, Ceremony ceremony, const Json& options);
/// Variables of what a site is asked for by these needs, where it takes wishes.
void set_wishes(Variables& variables, const Needs& needs);

}  // namespace fauxkey::attack
