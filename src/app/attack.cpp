// `fauxkey attack`: plays deviations against a site, and says which ones it failed to reject.
#include "attack/run.h"

#include <sodium.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>

#include "app/attack_browser.h"
#include "app/attestation_root_file.h"
#include "app/commands.h"
#include "app/error.h"
#include "app/http_client.h"
#include "app/progress.h"
#include "app/text.h"
#include "attack/error.h"
#include "attack/report.h"
#include "attack/soft_player.h"
#include "base/working.h"

namespace fauxkey::app {
namespace {

struct AttackOptions {
  std::string site;
  std::string site_file;
  std::string origin;
  std::string root;
  std::vector<std::string> scenarios;
  std::vector<std::string> only;
  std::vector<std::string> policies;
  std::string junit, html, json;
  bool list = false;
  bool may_test = false;
  AttackBrowserOptions browser;
};

std::vector<attack::Scenario> scenarios_of(const AttackOptions& options) {
  if (options.scenarios.empty()) return attack::own_scenarios();
  std::vector<attack::Scenario> all;
  for (const auto& path : options.scenarios) {
    auto some = attack::load_scenarios(path);
    std::ranges::move(some, std::back_inserter(all));
  }
  attack::check_unique(all);
  return all;
}

/// "reg-*" and the like.
bool matches(const std::string& pattern, const std::string& id) {
  if (pattern.ends_with('*')) return id.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == id;
}

std::vector<const attack::Scenario*> chosen(const std::vector<attack::Scenario>& all,
                                            const AttackOptions& options) {
  for (const auto& pattern : options.only) {
    if (std::ranges::none_of(all, [&](const auto& one) { return matches(pattern, one.id); }))
      throw UsageError{"There is no scenario \"" + pattern + "\": see fauxkey attack --list."};
  }
  std::vector<const attack::Scenario*> chosen;
  chosen.reserve(all.size());
  for (const auto& one : all) {
    const bool wanted = options.only.empty() || std::ranges::any_of(options.only, [&](const auto& pattern) {
                          return matches(pattern, one.id);
                        });
    if (wanted) chosen.push_back(&one);
  }
  return chosen;
}

std::string expected_text(const attack::Scenario& scenario, const std::vector<std::string>& policies) {
  return std::string{control::name_in(attack::kVerdictNames, scenario.expected(policies))};
}

int list(const std::vector<const attack::Scenario*>& scenarios, const AttackOptions& options) {
  if (options.json == "-") {
    control::Json json = control::Json::array();
    for (const auto* const one : scenarios) {
      control::Json under = control::Json::object();
      for (const auto& [policy, verdict] : one->under)
        under[policy] = control::name_in(attack::kVerdictNames, verdict);
      json.push_back({{"id", one->id},
                      {"title", one->title},
                      {"steps", one->steps},
                      {"ceremony", attack::name_of(one->ceremony)},
                      {"expected", control::name_in(attack::kVerdictNames, one->expect)},
                      {"under", std::move(under)},
                      {"why", one->why},
                      {"throughBrowser", one->is_of_the_key_alone()}});
    }
    std::cout << json.dump(2) << '\n';
  } else {
    std::vector<Row> rows;
    rows.reserve(scenarios.size());
    for (const auto* const one : scenarios)
      rows.push_back(
          {one->id, attack::steps_text(one->steps), expected_text(*one, options.policies), one->title});
    print_table(
        {{.title = "SCENARIO"}, {.title = "STEP"}, {.title = "RIGHT"}, {.title = "WHAT", .least = 20}}, rows);
  }
  finish_output();
  return kDone;
}

attack::Site site_of(const AttackOptions& options) {
  if (options.site_file.empty()) return attack::own_site();
  return attack::read_site(attack::read_file(options.site_file), options.site_file);
}

/// What a site is asked with: this program's HTTP client, also for TLS.
attack::HttpReply ask(const attack::HttpQuestion& question) {
  HttpCall call{.method = question.method,
                .url = question.url,
                .socket = {},
                .headers = {},
                .body = WipingString{question.body},
                .tls = true};
  call.headers.reserve(question.headers.size());
  for (const auto& [name, value] : question.headers) {
    std::string line{name};
    line.append(": ").append(value);
    std::erase_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; });
    call.headers.push_back(std::move(line));
  }
  try {
    auto reply = send(call);
    return {.status = reply.status,
            .headers = std::move(reply.headers),
            .body = std::string{std::string_view{reply.body}}};
  } catch (const Failure& failure) {
    throw attack::SiteUnusable{failure.what()};
  }
}

std::string random_id() {
  std::array<std::uint8_t, 4> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return hex(bytes);
}

void write_file(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  if (path == "-") {
    std::cout << text;
    return;
  }
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file << text;
  file.close();
  if (!file)
    throw Failure{"The report " + path + " could not be written: see that its folder is there and has room."};
}

Style style_of(attack::Outcome outcome) {
  switch (outcome) {
    case attack::Outcome::as_expected:
      return Style::good;
    case attack::Outcome::site_policy:
    case attack::Outcome::not_applicable:
      return Style::doubtful;
    default:
      return Style::bad;
  }
}

void print(const attack::Report& report) {
  std::vector<Row> rows;
  rows.reserve(report.results.size());
  for (const auto& result : report.results) {
    rows.push_back({result.scenario->id, attack::steps_text(result.scenario->steps), result.scenario->title,
                    std::string{control::name_in(attack::kVerdictNames, result.expected)},
                    result.site.empty() ? "-" : result.site, attack::name_of(result.outcome), result.said});
  }
  print_table({{.title = "SCENARIO", .least = 14},
               {.title = "STEP", .spare = 1},
               {.title = "WHAT", .least = 16, .spare = 3},
               {.title = "RIGHT"},
               {.title = "THE SITE"},
               {.title = "RESULT"},
               {.title = "IT SAYS", .least = 12, .spare = 2}},
              rows);
  using attack::Outcome;
  const auto line = [&](Outcome outcome, const char* what) {
    const auto number = report.count(outcome);
    if (number == 0) return;
    std::cout << styled(style_of(outcome), std::to_string(number) + " " + what, STDOUT_FILENO) << '\n';
  };
  std::cout << '\n'
            << counted(report.results.size(), "scenario") << " by the " << report.way << ", "
            << counted(report.accounts, "account") << " made at " << report.site << ", " << report.controls
            << " correct ceremonies accepted between\n";
  line(Outcome::as_expected, "as they should be");
  line(Outcome::site_policy, "left to the site's policy");
  line(Outcome::not_applicable, "not applicable");
  line(Outcome::not_rejected, "that the site failed to reject");
  line(Outcome::not_accepted, "that the site refused although nothing is wrong");
  line(Outcome::error, "that could not be played");
}

void check(const AttackOptions& options, const attack::Origin& origin) {
  if (!origin.is_loopback() && !options.may_test) {
    throw UsageError{
        "The site " + origin.text() +
        " is not on this machine: an attack makes accounts there and sends what it has to refuse. "
        "Give --i-may-test-this-site if its owner wants that."};
  }
}

int attack_site(const AttackOptions& options) {
  auto all = scenarios_of(options);
  const auto scenarios = chosen(all, options);
  if (options.list) return list(scenarios, options);
  if (options.site.empty())
    throw UsageError{"--site URL says which site is attacked: give your own, as http://localhost:8080."};
  auto origin = attack::origin_of(options.site);
  if (!origin)
    throw UsageError{"--site takes an address such as http://localhost:8080, without a name or password."};
  check(options, *origin);
  auto site = site_of(options);
  auto policies = site.policies;
  for (const auto& policy : options.policies) {
    if (std::ranges::find(policies, policy) == policies.end()) policies.push_back(policy);
  }
  std::string base = options.site;
  while (base.ends_with('/')) base.pop_back();
  if (!options.origin.empty()) {
    const auto named = attack::origin_of(options.origin);
    if (!named) throw UsageError{"--origin takes what browsers call the site, such as https://example.org."};
    origin = *named;
  }

  std::cerr << "fauxkey: This makes accounts at " << user::display_text(base, 200, user::Shorten::end)
            << " and leaves them there.\n";
  const attack::Http http = ask;
  std::unique_ptr<attack::Player> player;
  if (options.browser.driver.empty()) {
    attack::SoftSettings settings{.base = base, .origin = *origin, .run_id = random_id()};
    if (!options.root.empty()) {
      SystemRandom random;
      const SystemClock clock;
      settings.key.attestation_root = open_attestation_root(options.root, random, clock);
    }
    player = std::make_unique<attack::SoftPlayer>(site, std::move(settings), http);
  } else {
    player = make_browser_player(site, base, random_id(), options.browser, http);
  }
  std::optional<Working> working{"Attacking"};
  const auto report =
      attack::run(*player, site, scenarios,
                  {.base = base, .policies = policies, .on_begin = [&](const attack::Scenario& /*next*/) {
                     working->count();
                   }});
  working.reset();
  write_file(options.junit, attack::report_junit(report));
  write_file(options.html, attack::report_html(report));
  write_file(options.json,
             attack::report_json(report).dump(2, ' ', false, control::Json::error_handler_t::replace) + "\n");
  if (options.json != "-" && options.junit != "-" && options.html != "-") print(report);
  finish_output();
  return report.is_good() ? kDone : kFailed;
}

}  // namespace

void add_attack(CLI::App& program, Action& action) {
  auto& command = *program.add_subcommand("attack",
                                          "Play deviations against a site's server and say which ones it "
                                          "failed to reject (makes accounts there)");
  const auto options = std::make_shared<AttackOptions>();
  command.add_option("--site", options->site, "The site's address, such as http://localhost:8080")
      ->type_name("URL");
  command
      .add_option("--site-file", options->site_file,
                  "What the site's WebAuthn looks like over HTTP, in TOML (default: as the demo site's)")
      ->type_name("FILE");
  command
      .add_option("--origin", options->origin,
                  "What browsers call the site, where that is another address than --site")
      ->type_name("URL");
  command
      .add_option(
          "--scenarios", options->scenarios,
          "Other scenarios than the program's own: a file or a folder of *.toml; may be given more than once")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command
      .add_option(
          "--only", options->only,
          "Only the scenario of this id, or those whose ids begin so: \"reg-*\"; may be given more than once")
      ->type_name("ID")
      ->allow_extra_args(false);
  const std::vector<std::string> policies{attack::kPolicies.begin(), attack::kPolicies.end()};
  command
      .add_option("--policy", options->policies,
                  "What the site is strict about by its own choice; may be given more than once")
      ->check(CLI::IsMember(policies))
      ->type_name("POLICY")
      ->allow_extra_args(false);
  add_attestation_root_option(command, options->root,
                              "The root that the keys' attestations lead to, which the site may trust");
  command.add_flag("--list", options->list, "List the scenarios, and attack nobody");
  command.add_option("--junit", options->junit, "Write the results as JUnit XML (\"-\": to stdout)")
      ->type_name("FILE");
  command.add_option("--html", options->html, "Write the results as one HTML page")->type_name("FILE");
  command.add_option("--json", options->json, "Write the results, or with --list the scenarios, as JSON")
      ->type_name("FILE");
  command.add_flag("--i-may-test-this-site", options->may_test,
                   "The site is not on this machine, and its owner wants this");
  add_attack_browser_options(command, options->browser);
  command.callback([&action, options] {
    action = [options] {
      try {
        return attack_site(*options);
      } catch (const attack::FileError& error) {
        throw UsageError{error.what()};
      } catch (const attack::SiteUnusable& error) {
        erase_progress();
        throw Unusable{error.what()};
      }
    };
  });
}

}  // namespace fauxkey::app
