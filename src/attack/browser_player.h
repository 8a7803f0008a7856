// Plays scenarios through a real browser, which a WebDriver server drives, and a key of a running daemon,
// which goes wrong by its fault rules. What a client would have to change cannot be played so.
#pragma once

#include <functional>

#include "attack/run.h"
#include "attack/variables.h"

namespace fauxkey::attack {

struct BrowserSettings {
  std::string base;    ///< the site's address
  std::string driver;  ///< of the WebDriver server: "http://127.0.0.1:9515"
  Json capabilities;   ///< alwaysMatch of the new session
  std::string transport = "uhid";
  std::string run_id;
  std::chrono::seconds limit{120};  ///< for one ceremony
};

/// Asks the daemon's control interface: method, path, body. Throws SiteUnusable where it is not there.
using Daemon = std::function<HttpReply(const std::string&, const std::string&, const std::string&)>;

class BrowserPlayer final : public Player {
 public:
  /// Begins a session. `site` and `http` outlive it. Throws SiteUnusable.
  BrowserPlayer(const Site& site, BrowserSettings settings, const Http& http, Daemon daemon);
  ~BrowserPlayer() override;
  BrowserPlayer(const BrowserPlayer&) = delete;
  BrowserPlayer& operator=(const BrowserPlayer&) = delete;

  [[nodiscard]] Played play(const Scenario& scenario) override;
  [[nodiscard]] Played control(const Scenario& like) override;
  [[nodiscard]] std::size_t accounts() const override { return accounts_; }
  [[nodiscard]] std::string way() const override { return "browser " + browser_; }

 private:
  [[nodiscard]] Json drive(const std::string& method, const std::string& path, const Json& body);
  [[nodiscard]] Json execute(const std::string& script, const Json& given);
  [[nodiscard]] Json of_daemon(const std::string& method, const std::string& path, const Json& body);
  void plug_in(const Scenario& scenario);
  [[nodiscard]] Json given(const Scenario& scenario, bool nobody);
  [[nodiscard]] Played ceremony(Ceremony which, const Json& given, const std::vector<Json>& faults);
  [[nodiscard]] Played scene(const Scenario& scenario, bool deviates);

  const Site& site_;
  const BrowserSettings settings_;
  const Http& http_;
  const Daemon daemon_;
  std::string session_;
  std::string browser_;
  std::string key_;  ///< that is plugged in; empty: none
  Scenario like_;    ///< what it was plugged in for
  std::string account_;
  std::size_t accounts_ = 0;
};

}  // namespace fauxkey::attack
