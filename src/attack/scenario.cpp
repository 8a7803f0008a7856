#include "attack/scenario.h"

#include <algorithm>
#include <cctype>

#include "attack/variables.h"
#include "control/faults/rules.h"
#include "control/key_options.h"

namespace fauxkey::attack {
namespace {

constexpr std::array kCeremonies{control::Named{std::string_view{"registration"}, Ceremony::registration},
                                 control::Named{std::string_view{"login"}, Ceremony::login}};
constexpr std::array kWho{control::Named{std::string_view{"own"}, Who::own},
                          control::Named{std::string_view{"other"}, Who::other},
                          control::Named{std::string_view{"nobody"}, Who::nobody},
                          control::Named{std::string_view{"unregistered"}, Who::unregistered}};
constexpr std::array kSendings{control::Named{std::string_view{"usual"}, Sending::usual},
                               control::Named{std::string_view{"again"}, Sending::again},
                               control::Named{std::string_view{"next-ceremony"}, Sending::next_ceremony},
                               control::Named{std::string_view{"other-ceremony"}, Sending::other_ceremony}};
constexpr std::array<std::string_view, 3> kRequirements{"required", "preferred", "discouraged"};
constexpr std::array<std::string_view, 4> kConveyances{"none", "indirect", "direct", "enterprise"};
/// What stands for something of the ceremony under way.
constexpr std::array<std::string_view, 14> kKnownVariables{"origin",
                                                           "scheme",
                                                           "host",
                                                           "port",
                                                           "rp-id",
                                                           "challenge",
                                                           "earlier-challenge",
                                                           "own.id",
                                                           "own.user-handle",
                                                           "other.id",
                                                           "other.user-handle",
                                                           "account",
                                                           "run",
                                                           "number"};

constexpr std::size_t kMostBytes = 4096;
constexpr std::size_t kMostBefore = 10;

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

/// "7.1.9"
bool is_step(std::string_view text) {
  if (!text.starts_with("7.1.") && !text.starts_with("7.2.")) return false;
  text.remove_prefix(4);
  return !text.empty() && text.size() <= 2 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

class ScenarioReader {
 public:
  ScenarioReader(const Node& node, const std::string& file) : table_{node, file, "a scenario"}, file_{file} {
    scenario_.file = file;
    scenario_.line = node.line;
  }

  [[nodiscard]] Scenario read() {
    read_head();
    read_needs();
    read_faults();
    read_changes();
    check_whole();
    table_.done();
    return std::move(scenario_);
  }

 private:
  void read_head() {
    const auto& id = table_.need("id", Node::Kind::text);
    if (!is_id(id.text))
      table_.refuse(id,
                    "an id is made of small letters, digits and hyphens, 64 at most: \"reg-other-origin\"");
    scenario_.id = id.text;
    scenario_.title = table_.text("title");
    const auto& steps = table_.need("steps", Node::Kind::array);
    scenario_.steps = table_.texts("steps");
    for (const auto& step : scenario_.steps) {
      if (!is_step(step))
        table_.refuse(steps, "\"" + step + "\" is no step: they are written \"7.1.9\" (section 7.1, step 9)");
    }
    if (scenario_.steps.empty()) table_.refuse(steps, "name at least one step, as \"7.1.9\"");
    scenario_.ceremony = table_.one_of(table_.need("ceremony", Node::Kind::text), kCeremonies);
    scenario_.expect = table_.one_of(table_.need("expect", Node::Kind::text), kVerdictNames);
    scenario_.why = table_.text("why", "");
    if (const auto* const under = table_.find("under", Node::Kind::table)) {
      TableReader reader{*under, file_, "under"};
      for (const auto policy : kPolicies) {
        if (const auto verdict = reader.choice(policy, kVerdictNames))
          scenario_.under.emplace_back(policy, *verdict);
      }
      reader.done();
    }
  }

  template <std::size_t N>
  static std::optional<std::string> word(TableReader& reader, std::string_view name,
                                         const std::array<std::string_view, N>& words) {
    const auto* const node = reader.find(name, Node::Kind::text);
    if (node == nullptr) return std::nullopt;
    if (std::ranges::find(words, node->text) == words.end())
      reader.refuse(*node, "\"" + node->text + "\" is none of: " + listed(words));
    return node->text;
  }

  void read_needs() {
    if (const auto* const needs = table_.find("needs", Node::Kind::table)) {
      TableReader reader{*needs, file_, "needs"};
      scenario_.needs.user_verification = word(reader, "user-verification", kRequirements);
      scenario_.needs.attestation = word(reader, "attestation", kConveyances);
      scenario_.needs.resident_key = word(reader, "resident-key", kRequirements);
      if (const auto* const list = reader.find("algorithms", Node::Kind::array)) {
        for (const auto& one : list->elements) {
          if (one.kind != Node::Kind::number)
            reader.refuse(one, "\"algorithms\" are COSE's numbers, as [-7, -257]");
          scenario_.needs.algorithms.push_back(one.number);
        }
      }
      reader.done();
    }
    if (const auto* const key = table_.find("key", Node::Kind::table)) {
      TableReader reader{*key, file_, "key"};
      scenario_.backup_eligible = reader.boolean("backup-eligible", false);
      scenario_.backed_up = reader.boolean("backed-up", false);
      scenario_.attestation_style = reader.choice("attestation", control::kAttestationNames);
      reader.done();
    }
    scenario_.as = table_.choice("as", kWho).value_or(Who::own);
    scenario_.credential = table_.choice("credential", kWho).value_or(Who::own);
    scenario_.sending = table_.choice("send", kSendings).value_or(Sending::usual);
    if (const auto* const algorithm = table_.find("algorithm", Node::Kind::text)) {
      if (algorithm->text != "not-offered")
        table_.refuse(*algorithm, "\"algorithm\" can be \"not-offered\", and nothing else");
      scenario_.algorithm_not_offered = true;
    }
  }

  /// As docs/faults.md has an action; read as the key will, with texts in the place of what is known later.
  Json fault(const Node& node) {
    if (node.kind != Node::Kind::table)
      table_.refuse(node, "a fault is a table: { type = \"bogusSignature\" } (see docs/faults.md)");
    const Json action = node.json();
    Json probe = action;
    for (auto& value : probe) {
      if (!variables_in(value).empty()) value = "AQID";
    }
    check_variables(node, action);
    try {
      control::faults::Rules rules;
      (void)rules.add({{"action", probe}});
    } catch (const control::faults::RuleError& error) {
      std::string said = error.what();
      while (said.ends_with('.')) said.pop_back();
      table_.refuse(node, said + " (see docs/faults.md)");
    }
    return action;
  }

  std::vector<Json> faults_in(const Node& list) {
    std::vector<Json> faults;
    faults.reserve(list.elements.size());
    for (const auto& element : list.elements) faults.push_back(fault(element));
    return faults;
  }

  void read_faults() {
    if (const auto* const list = table_.find("faults", Node::Kind::array))
      scenario_.faults = faults_in(*list);
    if (const auto* const list = table_.find("before", Node::Kind::array)) {
      if (list->elements.size() > kMostBefore)
        table_.refuse(*list, "\"before\" has " + std::to_string(kMostBefore) + " logins at most");
      for (const auto& element : list->elements) {
        TableReader reader{element, file_, "a login of \"before\""};
        const auto* const of_login = reader.find("faults", Node::Kind::array);
        Scenario::Before before;
        if (of_login != nullptr) before.faults = faults_in(*of_login);
        before.refused = reader.boolean("refused", false);
        reader.done();
        scenario_.before.push_back(std::move(before));
      }
      if (scenario_.ceremony != Ceremony::login)
        table_.refuse(*list, "\"before\" are logins, which nobody has before a registration: leave it out");
    }
  }

  void check_variables(const Node& node, const Json& json) {
    for (const auto& name : variables_in(json)) {
      if (std::ranges::find(kKnownVariables, name) != kKnownVariables.end()) continue;
      std::string sentence{"nothing is called ${"};
      table_.refuse(node, sentence.append(name).append("}; there are: ").append(listed(kKnownVariables)));
    }
  }

  Json members(TableReader& reader, std::string_view name) {
    const auto* const node = reader.find(name, Node::Kind::table);
    if (node == nullptr) return Json::object();
    check_variables(*node, node->json());
    return node->json();
  }

  ByteEdit bytes(TableReader& reader) {
    ByteEdit edit;
    edit.prefix = reader.hex("prefix");
    edit.suffix = reader.hex("suffix");
    const auto* const node = reader.find("cut", Node::Kind::number);
    if (node != nullptr) {
      if (node->number < 0 || std::cmp_greater(node->number, kMostBytes))
        reader.refuse(*node, "\"cut\" is 0 to " + std::to_string(kMostBytes) + " bytes");
      edit.cut = static_cast<std::size_t>(node->number);
    }
    return edit;
  }

  void read_changes() {
    if (const auto* const client = table_.find("client", Node::Kind::table)) {
      TableReader reader{*client, file_, "client"};
      scenario_.client = members(reader, "set");
      scenario_.client_remove = reader.texts("remove");
      scenario_.client_late = reader.boolean("after-signing", false);
      scenario_.client_bytes = bytes(reader);
      reader.done();
    }
    if (const auto* const data = table_.find("authenticator-data", Node::Kind::table)) {
      TableReader reader{*data, file_, "authenticator-data"};
      scenario_.authenticator_data = bytes(reader);
      if (const auto flip = reader.hex("flip-flags"); flip.size() == 1)
        scenario_.flags_xor = flip.front();
      else if (!flip.empty())
        table_.refuse(*data, "\"flip-flags\" is one byte, as \"80\"");
      reader.done();
    }
    if (const auto* const object = table_.find("attestation", Node::Kind::table)) {
      TableReader reader{*object, file_, "attestation"};
      if (const auto* const format = reader.find("format", Node::Kind::text)) scenario_.format = format->text;
      scenario_.statement = members(reader, "set");
      scenario_.statement_remove = reader.texts("remove");
      scenario_.attestation_object = bytes(reader);
      reader.done();
      if (scenario_.ceremony != Ceremony::registration)
        table_.refuse(*object, "only a registration is attested: leave \"attestation\" out of a login");
    }
    if (const auto* const response = table_.find("response", Node::Kind::table)) {
      TableReader reader{*response, file_, "response"};
      scenario_.response = members(reader, "set");
      scenario_.response_remove = reader.texts("remove");
      reader.done();
    }
  }

  void check_whole() {
    const bool is_registration = scenario_.ceremony == Ceremony::registration;
    const Node at{.line = scenario_.line};
    if (is_registration && (scenario_.as != Who::own || scenario_.credential != Who::own))
      table_.refuse(at, "\"as\" and \"credential\" are of logins: leave them out of a registration");
    if (!is_registration && scenario_.algorithm_not_offered)
      table_.refuse(at, "\"algorithm\" is of registrations: leave it out of a login");
    if (scenario_.as == Who::unregistered || scenario_.credential == Who::nobody)
      table_.refuse(at, "\"as\" is own, other or nobody, and \"credential\" own, other or unregistered");
    if (scenario_.backed_up && !scenario_.backup_eligible)
      table_.refuse(at, "a key whose credentials are \"backed-up\" has \"backup-eligible\" ones: set both");
  }

  TableReader table_;
  const std::string& file_;
  Scenario scenario_;
};

}  // namespace

const char* name_of(Ceremony ceremony) {
  return ceremony == Ceremony::registration ? "registration" : "login";
}

std::optional<Bytes> ByteEdit::apply(ByteView bytes) const {
  if (cut > bytes.size()) return std::nullopt;
  Bytes edited;
  edited.reserve(prefix.size() + bytes.size() + suffix.size());
  append(edited, prefix);
  append(edited, bytes.first(bytes.size() - cut));
  append(edited, suffix);
  return edited;
}

bool Scenario::has_conditions_of(const Scenario& other) const {
  return needs == other.needs && backup_eligible == other.backup_eligible && backed_up == other.backed_up &&
         attestation_style == other.attestation_style;
}

bool Scenario::has_other() const {
  if (as == Who::other || credential == Who::other) return true;
  Json all = Json::array({client, statement, response});
  for (const auto& one : faults) all.push_back(one);
  return std::ranges::any_of(variables_in(all),
                             [](const std::string& name) { return name.starts_with("other."); });
}

bool Scenario::is_of_the_key_alone() const {
  return !faults.empty() && client.empty() && client_remove.empty() && client_bytes.empty() &&
         authenticator_data.empty() && !flags_xor && !format && statement.empty() &&
         statement_remove.empty() && attestation_object.empty() && response.empty() &&
         response_remove.empty() && sending == Sending::usual && !algorithm_not_offered && !has_other() &&
         credential == Who::own && variables_in(Json(faults)).empty();
}

bool Scenario::is_about_attestation() const {
  return format || !statement.empty() || !statement_remove.empty() || !attestation_object.empty() ||
         std::ranges::any_of(faults,
                             [](const Json& fault) { return fault.value("type", "") == "attestation"; });
}

Verdict Scenario::expected(const std::vector<std::string>& policies) const {
  for (const auto& [policy, verdict] : under) {
    if (std::ranges::find(policies, policy) != policies.end()) return verdict;
  }
  return expect;
}

std::vector<Scenario> read_scenarios(std::string_view content, const std::string& file) {
  const auto root = read_toml(content, file);
  TableReader reader{root, file, "a scenario file"};
  const auto& list = reader.need("scenario", Node::Kind::array);
  reader.done();
  std::vector<Scenario> scenarios;
  scenarios.reserve(list.elements.size());
  for (const auto& element : list.elements) scenarios.push_back(ScenarioReader{element, file}.read());
  return scenarios;
}

}  // namespace fauxkey::attack
