#include "attack/browser_player.h"

#include <thread>

#include "attack/error.h"
#include "attack/soft_player.h"
#include "control/key_options.h"

namespace fauxkey::attack {
namespace {

constexpr std::chrono::milliseconds kPoll{200};
constexpr std::chrono::seconds kPageLimit{60};
constexpr std::chrono::milliseconds kPlugTime{1500};  // until a browser has seen a new key

Json parsed(const HttpReply& reply) {
  auto json = Json::parse(reply.body, nullptr, false);
  return json.is_discarded() ? Json(nullptr) : json;
}

std::string text_of(const Json& json, std::string_view path, std::string otherwise) {
  const auto* const found = at_path(json, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::move(otherwise);
}

const char* command_of(Ceremony ceremony) {
  return ceremony == Ceremony::registration ? "makeCredential" : "getAssertion";
}

}  // namespace

BrowserPlayer::BrowserPlayer(const Site& site, BrowserSettings settings, const Http& http, Daemon daemon)
    : site_{site}, settings_{std::move(settings)}, http_{http}, daemon_{std::move(daemon)} {
  if (!site_.page)
    throw SiteUnusable{"The site file has no [page], which a browser needs: add it, or leave out --browser."};
  const auto session =
      drive("POST", "/session", {{"capabilities", {{"alwaysMatch", settings_.capabilities}}}});
  session_ = text_of(session, "sessionId", "");
  browser_ = text_of(session, "capabilities.browserName", "browser");
  if (session_.empty())
    throw SiteUnusable{"The WebDriver server at " + settings_.driver + " began no session: see its own log."};
}

BrowserPlayer::~BrowserPlayer() {
  try {
    if (!session_.empty()) (void)drive("DELETE", "/session/" + session_, {});
    if (!key_.empty()) (void)of_daemon("DELETE", "/v1/keys/" + key_, {});
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): who is gone needs no end
  }
}

Json BrowserPlayer::drive(const std::string& method, const std::string& path, const Json& body) {
  const auto reply = http_({.method = method,
                            .url = settings_.driver + path,
                            .headers = {{"Content-Type", "application/json"}},
                            .body = body.is_null() ? std::string{} : control::to_text(body)});
  const auto json = parsed(reply);
  const auto* const value = at_path(json, "value");
  if (reply.status >= 300 || value == nullptr) {
    throw SiteUnusable{"The browser refuses " + path.substr(path.rfind('/') + 1) + " (" +
                       text_of(json, "value.message", "status " + std::to_string(reply.status)) +
                       "): see the site file's [page], and the WebDriver server's log."};
  }
  return *value;
}

Json BrowserPlayer::execute(const std::string& script, const Json& given) {
  return drive("POST", "/session/" + session_ + "/execute/sync",
               {{"script", "const given = arguments[0];\n" + script}, {"args", Json::array({given})}});
}

Json BrowserPlayer::of_daemon(const std::string& method, const std::string& path, const Json& body) {
  const auto reply = daemon_(method, path, body.is_null() ? std::string{} : control::to_text(body));
  auto json = parsed(reply);
  if (reply.status >= 300)
    throw SiteUnusable{"The daemon refuses " + path + " (" +
                       text_of(json, "error", "status " + std::to_string(reply.status)) +
                       "): see that it is of the same version as this program."};
  return json;
}

void BrowserPlayer::plug_in(const Scenario& scenario) {
  if (!key_.empty() && like_.backup_eligible == scenario.backup_eligible &&
      like_.backed_up == scenario.backed_up && like_.attestation_style == scenario.attestation_style)
    return;
  if (!key_.empty()) (void)of_daemon("DELETE", "/v1/keys/" + std::exchange(key_, {}), {});
  Json wanted{{"transports", {settings_.transport}},
              {"userVerification", "prompt"},
              {"backupEligible", scenario.backup_eligible},
              {"backupState", scenario.backed_up}};
  if (scenario.attestation_style)
    wanted["attestation"] = control::name_in(control::kAttestationNames, *scenario.attestation_style);
  const auto key = of_daemon("POST", "/v1/keys", wanted);
  key_ = text_of(key, "name", "");
  like_ = scenario;
  std::this_thread::sleep_for(kPlugTime);
}

Json BrowserPlayer::given(const Scenario& scenario, bool nobody) {
  Variables variables;
  set_wishes(variables, scenario.needs);
  Json given = Json::object();
  for (const char* name : {"user-verification", "attestation", "resident-key", "algorithms"})
    given[name] = *variables.find(name);
  // The page's own choice where a scenario has none: a credential that can log in by itself asks for more.
  given["account"] = nobody ? Json("") : Json(account_);
  return given;
}

Player::Played BrowserPlayer::ceremony(Ceremony which, const Json& given, const std::vector<Json>& faults) {
  const auto& page = *site_.page;
  (void)drive("POST", "/session/" + session_ + "/url", {{"url", settings_.base + page.path}});
  const auto wait = [&](const std::string& script, std::chrono::seconds limit, auto is_good) -> Json {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (true) {
      auto said = execute(script, given);
      if (is_good(said) || std::chrono::steady_clock::now() > end) return said;
      std::this_thread::sleep_for(kPoll);
    }
  };
  if (wait(page.ready, kPageLimit, [](const Json& said) { return said == true; }) != true)
    throw SiteUnusable{"The page " + page.path +
                       " does not become ready: see \"ready\" of the site file's [page]."};
  const auto path = "/v1/keys/" + key_ + "/faults";
  std::vector<std::string> ids;
  ids.reserve(faults.size());
  for (const auto& action : faults) {
    const auto rule = of_daemon(
        "POST", path, {{"match", {{"command", command_of(which)}}}, {"action", action}, {"times", nullptr}});
    ids.push_back(rule["id"].dump());
  }
  (void)execute(which == Ceremony::registration ? page.registration : page.login, given);
  const auto outcome = wait(page.outcome, settings_.limit, [](const Json& said) { return said.is_object(); });
  bool idle = false;
  for (const auto& id : ids) {
    auto rule = path;
    rule.append("/").append(id);
    idle = idle || of_daemon("GET", rule, {})["hits"] == 0;
  }
  if (!ids.empty()) (void)of_daemon("DELETE", path, {});

  const auto said = text_of(outcome, "error", "");
  const auto accepted = outcome.is_object() && outcome.value("accepted", false);
  if (!outcome.is_object())
    return {.kind = Played::Kind::not_applicable,
            .said = "the browser did not end the ceremony within " + std::to_string(settings_.limit.count()) +
                    " s"};
  if (idle) return {.kind = Played::Kind::error, .said = "a fault found nothing to change: " + said};
  if (!accepted && !outcome.value("judged", true))
    return {.kind = Played::Kind::not_applicable,
            .said = "the browser ended it, and the site saw nothing: " + said};
  return {.kind = Played::Kind::judged, .accepted = accepted, .said = accepted ? "" : said};
}

Player::Played BrowserPlayer::scene(const Scenario& scenario, bool deviates) {
  plug_in(scenario);
  Variables variables;
  variables.set("run", settings_.run_id);
  variables.set("number", std::to_string(++accounts_));
  account_ = variables.fill_text(site_.account);
  const auto asked = given(scenario, false);
  if (scenario.ceremony == Ceremony::registration)
    return ceremony(Ceremony::registration, asked, deviates ? scenario.faults : std::vector<Json>{});
  auto played = ceremony(Ceremony::registration, asked, {});
  const auto stops = [&](const char* what) {
    if (played.kind == Played::Kind::judged && played.accepted) return false;
    played.kind = deviates ? Played::Kind::error : played.kind;
    played.said = std::string{what} + " is refused: " + played.said;
    return true;
  };
  if (stops("the correct registration that the login needs")) return played;
  played = ceremony(Ceremony::login, asked, {});
  if (!deviates) return played;
  if (stops("a correct login of the same account")) return played;
  for (const auto& before : scenario.before) {
    played = ceremony(Ceremony::login, asked, before.faults);
    if (played.kind != Played::Kind::judged) return played;
    if (played.accepted == before.refused)
      return {.kind = Played::Kind::not_applicable,
              .said = "a login before it is not judged as it should be: " + played.said};
  }
  return ceremony(Ceremony::login, given(scenario, scenario.as == Who::nobody), scenario.faults);
}

Player::Played BrowserPlayer::play(const Scenario& scenario) {
  if (!scenario.is_of_the_key_alone())
    return {.kind = Played::Kind::not_applicable,
            .said = "not through a browser: the client would have to deviate"};
  return scene(scenario, true);
}

Player::Played BrowserPlayer::control(const Scenario& like) {
  // Nothing is played of what a browser does not do.
  if (!like.id.empty() && !like.is_of_the_key_alone())
    return {.kind = Played::Kind::judged, .accepted = true};
  return scene(like, false);
}

}  // namespace fauxkey::attack
