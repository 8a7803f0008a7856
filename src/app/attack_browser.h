// The options of `fauxkey attack` that play through a browser.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "attack/run.h"

namespace fauxkey::app {

struct AttackBrowserOptions {
  std::string driver;  ///< empty: the soft client
  std::string capabilities;
  std::string control;
  std::string transport = "uhid";
};

void add_attack_browser_options(CLI::App& command, AttackBrowserOptions& options);
/// `site` and `http` outlive it. Throws UsageError, attack::SiteUnusable.
[[nodiscard]] std::unique_ptr<attack::Player> make_browser_player(const attack::Site& site,
                                                                  const std::string& base,
                                                                  const std::string& run_id,
                                                                  const AttackBrowserOptions& options,
                                                                  const attack::Http& http);

}  // namespace fauxkey::app
