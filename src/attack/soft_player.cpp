#include "attack/soft_player.h"

#include <algorithm>

#include "attack/error.h"

namespace fauxkey::attack {
namespace {

using Played = Player::Played;

Played judged(const Judgement& judgement) {
  return {.kind = Played::Kind::judged,
          .accepted = judgement.accepted,
          .stumbled = judgement.stumbled(),
          .said = judgement.error};
}
Played error(std::string said) { return {.kind = Played::Kind::error, .said = std::move(said)}; }
Played not_applicable(std::string said) {
  return {.kind = Played::Kind::not_applicable, .said = std::move(said)};
}

std::string said_at(const Json& options, std::string_view path, const char* otherwise) {
  const auto* const found = at_path(options, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : otherwise;
}

}  // namespace

std::string unmet(const Needs& needs, Ceremony ceremony, const Json& options) {
  const bool registration = ceremony == Ceremony::registration;
  if (needs.user_verification) {
    const auto is = said_at(
        options, registration ? "authenticatorSelection.userVerification" : "userVerification", "preferred");
    if (is != *needs.user_verification)
      return "the site asks for user verification " + is + ", and not " + *needs.user_verification;
  }
  if (!registration) return {};
  if (needs.attestation) {
    const auto is = said_at(options, "attestation", "none");
    if (is != *needs.attestation)
      return "the site asks for attestation " + is + ", and not " + *needs.attestation;
  }
  if (needs.resident_key) {
    const auto is = said_at(options, "authenticatorSelection.residentKey", "discouraged");
    // A key makes a discoverable credential by either.
    const bool either = *needs.resident_key == "required" && is == "preferred";
    if (is != *needs.resident_key && !either)
      return "the site asks for discoverable credentials as " + is + ", and not " + *needs.resident_key;
  }
  return {};
}

void set_wishes(Variables& variables, const Needs& needs) {
  variables.set("user-verification", needs.user_verification.value_or("preferred"));
  variables.set("attestation", needs.attestation.value_or("none"));
  variables.set("resident-key", needs.resident_key.value_or("preferred"));
  Json algorithms = Json::array({-7, -8, -257});
  if (!needs.algorithms.empty()) algorithms = Json(needs.algorithms);
  variables.set("algorithms", std::move(algorithms));
}

/// One scenario's accounts, key and visits.
class SoftPlayer::Scene {
  /// As far as its visitor knows it.
  struct Account {
    std::string name;
    Bytes credential_id;
    Bytes user_handle;
  };
  /// The error is what stops a scene before the site has judged what it is about.
  using Judged = std::expected<Judgement, Played>;

 public:
  Scene(SoftPlayer& player, const Scenario& scenario)
      : player_{player},
        scenario_{scenario},
        key_{config(player, scenario)},
        client_{player.settings_.origin, key_} {}

  [[nodiscard]] Played play() {
    if (scenario_.has_other()) {
      if (auto step = register_correctly(other_, "another account's correct registration"); !step)
        return step.error();
    }
    return scenario_.ceremony == Ceremony::registration ? play_registration() : play_login();
  }

  /// The same without the deviation.
  [[nodiscard]] Played control() {
    auto step = register_correctly(own_, "a correct registration");
    if (!step) return step.error();
    if (scenario_.ceremony == Ceremony::registration) return judged(*step);
    step = log_in(nullptr);
    return step ? judged(*step) : step.error();
  }

 private:
  static KeyConfig config(const SoftPlayer& player, const Scenario& scenario) {
    auto config = player.settings_.key;
    config.backup_eligible = config.backup_eligible || scenario.backup_eligible;
    config.backed_up = config.backed_up || scenario.backed_up;
    if (scenario.attestation_style) config.attestation = *scenario.attestation_style;
    return config;
  }

  void name(Account& account) {
    if (!account.name.empty()) return;
    Variables variables;
    variables.set("run", player_.settings_.run_id);
    variables.set("number", std::to_string(++player_.accounts_));
    account.name = variables.fill_text(player_.site_.account);
  }

  /// For one ceremony of an account's, or of nobody's.
  [[nodiscard]] Visit visit(const Account* account) {
    Visit visit{player_.site_, player_.settings_.base, player_.http_};
    fill(visit.variables(), account);
    return visit;
  }

  void fill(Variables& variables, const Account* account) {
    const auto& origin = player_.settings_.origin;
    variables.set("origin", origin.text());
    variables.set("scheme", origin.scheme);
    variables.set("host", origin.host);
    variables.set("port", origin.port);
    variables.set("run", player_.settings_.run_id);
    if (account != nullptr) variables.set("account", account->name);
    set_wishes(variables, scenario_.needs);
    for (const auto& [who, whose] : {std::pair{"own", &own_}, std::pair{"other", &other_}}) {
      if (whose->credential_id.empty()) continue;
      variables.set(std::string{who} + ".id", control::base64url(whose->credential_id));
      variables.set(std::string{who} + ".user-handle", control::base64url(whose->user_handle));
    }
  }

  struct Asked {
    Visit visit;
    Json options;
  };
  [[nodiscard]] std::expected<Asked, Played> ask(Ceremony ceremony, const Account* account) {
    Asked asked{.visit = visit(account), .options = {}};
    auto given = asked.visit.options(ceremony);
    if (!given.given()) {
      const auto said = "the site gives no options for a " + std::string{attack::name_of(ceremony)} +
                        (account == nullptr ? " of nobody in particular" : "") + ": " + given.error;
      return std::unexpected{account == nullptr ? not_applicable(said) : error(said)};
    }
    if (const auto what = unmet(scenario_.needs, ceremony, given.options); !what.empty())
      return std::unexpected{not_applicable(what)};
    asked.options = std::move(given.options);
    return asked;
  }

  [[nodiscard]] Judged register_correctly(Account& account, const std::string& what) {
    name(account);
    auto asked = ask(Ceremony::registration, &account);
    if (!asked) return std::unexpected{asked.error()};
    auto response = client_.create(asked->options, asked->visit.variables(), {});
    if (!response) return std::unexpected{error(response.error())};
    auto judgement = asked->visit.verify(Ceremony::registration, response->json);
    account.credential_id = std::move(response->credential_id);
    account.user_handle = std::move(response->user_handle);
    if (!judgement.accepted) {
      auto played = judged(judgement);
      played.said = what + " is refused: " + played.said;
      if (&account == &other_) played.kind = Played::Kind::error;
      return std::unexpected{std::move(played)};
    }
    return judgement;
  }

  /// By the account's own credential; `faults` on the way.
  [[nodiscard]] Judged log_in(const std::vector<Json>* faults) {
    auto asked = ask(Ceremony::login, &own_);
    if (!asked) return std::unexpected{asked.error()};
    auto response = client_.get(asked->options, own_.credential_id, asked->visit.variables(),
                                {.scenario = nullptr, .faults = faults});
    if (!response) return std::unexpected{error(response.error())};
    return asked->visit.verify(Ceremony::login, response->json);
  }

  [[nodiscard]] Played play_registration() {
    name(own_);
    if (scenario_.sending == Sending::other_ceremony) {
      // A login's response of an account that has one.
      auto step = register_correctly(own_, "a correct registration");
      if (!step) return error(step.error().said);
      auto login = ask(Ceremony::login, &own_);
      if (!login) return login.error();
      auto response = client_.get(login->options, own_.credential_id, login->visit.variables(), {});
      if (!response) return error(response.error());
      auto asked = ask(Ceremony::registration, &own_);
      if (!asked) return asked.error();
      return judged(asked->visit.verify(Ceremony::registration, response->json));
    }
    auto asked = ask(Ceremony::registration, &own_);
    if (!asked) return asked.error();
    auto response = client_.create(asked->options, asked->visit.variables(), {.scenario = &scenario_});
    if (!response) return unplayed(response.error());
    return send(*asked, response->json);
  }

  [[nodiscard]] Played play_login() {
    auto step = register_correctly(own_, "the correct registration that the login needs");
    if (!step) return not_judged(step.error());
    step = log_in(nullptr);
    if (!step) return step.error();
    if (!step->accepted) return error("a correct login of the same account is refused: " + step->error);
    for (const auto& before : scenario_.before) {
      step = log_in(&before.faults);
      if (!step) return step.error();
      if (step->accepted == before.refused) {
        return not_applicable(before.refused ? "a login before it is accepted, which has to be refused"
                                             : "a login before it is refused: " + step->error);
      }
    }
    const auto* const account = scenario_.as == Who::nobody  ? nullptr
                                : scenario_.as == Who::other ? &other_
                                                             : &own_;
    if (scenario_.sending == Sending::other_ceremony) {
      auto registration = ask(Ceremony::registration, &own_);
      if (!registration) return registration.error();
      auto response = client_.create(registration->options, registration->visit.variables(), {});
      if (!response) return error(response.error());
      auto asked = ask(Ceremony::login, account);
      if (!asked) return asked.error();
      return judged(asked->visit.verify(Ceremony::login, response->json));
    }
    const auto credential = answering();
    if (!credential) return credential.error();
    auto asked = ask(Ceremony::login, account);
    if (!asked) return asked.error();
    auto response =
        client_.get(asked->options, *credential, asked->visit.variables(), {.scenario = &scenario_});
    if (!response) return unplayed(response.error());
    return send(*asked, response->json);
  }

  /// Which credential answers; nothing: the newest, as the key knows it.
  [[nodiscard]] std::expected<std::optional<Bytes>, Played> answering() {
    if (scenario_.credential == Who::other) return other_.credential_id;
    if (scenario_.credential == Who::unregistered) {
      auto asked = ask(Ceremony::registration, &own_);
      if (!asked) return std::unexpected{asked.error()};
      auto response = client_.create(asked->options, asked->visit.variables(), {});
      if (!response) return std::unexpected{error(response.error())};
      return response->credential_id;
    }
    if (scenario_.as == Who::nobody) return std::optional<Bytes>{};
    return own_.credential_id;
  }

  [[nodiscard]] Played send(Asked& asked, const Json& response) {
    if (scenario_.sending == Sending::next_ceremony) {
      const auto* const account = scenario_.as == Who::nobody ? nullptr : &own_;
      auto next = ask(scenario_.ceremony, account);
      if (!next) return next.error();
      return judged(next->visit.verify(scenario_.ceremony, response));
    }
    auto judgement = asked.visit.verify(scenario_.ceremony, response);
    if (scenario_.sending == Sending::again) {
      if (!judgement.accepted)
        return error("the response is refused the first time already: " + judgement.error);
      judgement = asked.visit.verify(scenario_.ceremony, response);
    }
    return judged(judgement);
  }

  /// A response that could not be made.
  [[nodiscard]] static Played unplayed(const std::string& why) {
    return why.starts_with("the site offers every") ? not_applicable(why) : error(why);
  }
  [[nodiscard]] static Played not_judged(Played played) {
    if (played.kind == Played::Kind::judged) played.kind = Played::Kind::error;
    return played;
  }

  SoftPlayer& player_;
  const Scenario& scenario_;
  SoftKey key_;
  SoftClient client_;
  Account own_;
  Account other_;
};

SoftPlayer::SoftPlayer(const Site& site, SoftSettings settings, const Http& http)
    : site_{site}, settings_{std::move(settings)}, http_{http} {}
SoftPlayer::~SoftPlayer() = default;

Played SoftPlayer::play(const Scenario& scenario) { return Scene{*this, scenario}.play(); }
Played SoftPlayer::control(const Scenario& like) { return Scene{*this, like}.control(); }

}  // namespace fauxkey::attack
