// Rules: how they are read, which requests they hold for, and that docs and tables say the same.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "cbor/cbor.h"
#include "control/faults/action.h"
#include "control/faults/rules.h"
#include "control/trace_names.h"
#include "crypto/hash.h"

namespace faults_rules_test {

using namespace fauxkey;
using namespace fauxkey::control;
using namespace fauxkey::control::faults;
namespace {

constexpr Clock::TimePoint kNow{};

Json parse(const char* text) { return Json::parse(text); }

/// The sentence that refuses a rule, and the member that it is about.
std::pair<std::string, std::string> refusal(const char* text) {
  Rules rules;
  try {
    rules.add(parse(text));
  } catch (const RuleError& error) {
    CHECK(rules.empty());
    return {error.member(), error.what()};
  }
  return {};
}

Request get_assertion(const char* rp_id = "example.org") {
  Bytes message{0x02};
  append(message, cbor::encode(cbor::Map{{1, rp_id}, {2, Bytes(32, 0xCD)}}));
  return describe_ctap(message, {});
}
Request get_info() { return describe_ctap(Bytes{0x04}, {}); }

/// How many rules hold for a request, and are used.
std::size_t hit(Rules& rules, const Request& request, Clock::TimePoint now = kNow) {
  auto hits = rules.match(request, now);
  for (auto& one : hits) one.use();
  return hits.size();
}

std::string page(const char* name) {
  std::ifstream file{std::string{FAUXKEY_SOURCE_DIR} + "/docs/" + name};
  REQUIRE(file);
  return {std::istreambuf_iterator<char>{file}, {}};
}

TEST_CASE("faults: a rule that is not in order is refused by a sentence that names the member") {
  struct Case {
    const char* rule;
    const char* member;
    const char* part;
  };
  const auto cases = std::to_array<Case>({
      {R"([])", "", "A rule has to be a JSON object."},
      {R"({})", "action", "action is missing"},
      {R"({"action": "drop"})", "action", "JSON object"},
      {R"({"action": {}})", "action.type", "status, pinBlocked"},
      {R"({"action": {"type": "explode"}})", "action.type", "has to be one of"},
      {R"({"action": {"type": "uvBlocked"}, "when": 1})", "when", "but match, action and times."},
      {R"({"action": {"type": "uvBlocked"}, "times": 0})", "times", "from 1 to"},
      {R"({"action": {"type": "uvBlocked"}, "times": 1.5})", "times", "whole number"},
      {R"({"action": {"type": "uvBlocked"}, "times": "1"})", "times", "whole number"},
      {R"({"action": {"type": "uvBlocked", "status": 1}})", "action.status", "but type."},
      {R"({"action": {"type": "delay"}})", "action.milliseconds", "is missing"},
      {R"({"action": {"type": "delay", "milliseconds": -1}})", "action.milliseconds", "from 1 to 600000"},
      {R"({"action": {"type": "delay", "milliseconds": 18446744073709551615}})", "action.milliseconds",
       "from 1 to 600000"},
      {R"({"action": {"type": "status", "status": "PIN_BLOCKT"}})", "action.status", "number from 0 to 255"},
      {R"({"action": {"type": "status", "status": "UNKNOWN"}})", "action.status", "OPERATION_DENIED"},
      {R"({"action": {"type": "status", "status": 256}})", "action.status", "from 0 to 255"},
      {R"({"match": {"command": "u2f.version"}, "action": {"type": "status", "status": "OTHER"}})",
       "action.status", "SW_NO_ERROR"},
      {R"({"action": {"type": "status", "status": 1, "processed": 1}})", "action.processed", "true or false"},
      {R"({"action": {"type": "flag", "flag": "XX", "set": true}})", "action.flag",
       "UP, UV, BE, BS, AT and ED"},
      {R"({"action": {"type": "flag", "flag": "UP"}})", "action.set", "is missing"},
      {R"({"action": {"type": "rpIdHash", "rpId": ""}})", "action.rpId", "1 to 253 bytes"},
      {R"({"action": {"type": "aaguid", "aaguid": "12-34"}})", "action.aaguid", "00000000-0000"},
      {R"({"action": {"type": "aaguid", "aaguid": "0102030405060708090a0b0c0d0e0f1x"}})", "action.aaguid",
       ""},
      {R"({"action": {"type": "credentialIdOfAnother", "credentialId": "a+b"}})", "action.credentialId",
       "base64url"},
      {R"({"action": {"type": "missingMember", "member": []}})", "action.member", "array of at most 4"},
      {R"({"action": {"type": "missingMember", "member": [1, true]}})", "action.member", "number or text"},
      {R"({"action": {"type": "uvBlocked"}, "match": 1})", "match", "JSON object"},
      {R"({"action": {"type": "uvBlocked"}, "match": {"comand": "reset"}})", "match.comand",
       "but command, subCommand, rpId and nth."},
      {R"({"action": {"type": "uvBlocked"}, "match": {"command": "logIn"}})", "match.command",
       "makeCredential, getAssertion"},
      {R"({"action": {"type": "uvBlocked"}, "match": {"command": null}})", "match.command", "one of"},
      {R"({"action": {"type": "uvBlocked"}, "match": {"command": 256}})", "match.command", "0 to 255"},
      {R"({"action": {"type": "uvBlocked"}, "match": {"nth": 0}})", "match.nth", "from 1 to"},
      {R"({"action": {"type": "uvBlocked"}, "match": {"command": "getInfo", "subCommand": 1}})",
       "match.subCommand", "getInfo has no subcommands"},
      {R"({"action": {"type": "bogusSignature"}, "match": {"command": "getInfo"}})", "match.command",
       "nothing in getInfo that the action bogusSignature could change"},
      {R"({"action": {"type": "truncateCbor"}, "match": {"command": "u2f.version"}})", "match.command", ""},
  });
  for (const auto& one : cases) {
    CAPTURE(one.rule);
    const auto [member, sentence] = refusal(one.rule);
    CHECK(member == one.member);
    CHECK(sentence.find(one.part) != std::string::npos);
    CHECK(sentence.ends_with('.'));
  }
}

TEST_CASE("faults: a refusal shows somebody else's text without what it could do to a terminal") {
  const auto [member, sentence] = refusal(R"({"\u001b[2J": 1})");
  CHECK(sentence.find('\x1b') == std::string::npos);
}

TEST_CASE("faults: a list tells rules as they were read, with their defaults and hits") {
  Rules rules;
  const auto id =
      rules.add(parse(R"({"match": {"rpId": "example.org"}, "action": {"type": "counterBack"}})"));
  (void)hit(rules, get_assertion());
  CHECK(rules.list() == parse(R"([{"id": 1, "match": {"rpId": "example.org"},
                                   "action": {"type": "counterBack", "by": 1},
                                   "times": 1, "layer": "webauthn", "seen": 1, "hits": 1}])"));
  CHECK(rules.get(id) == rules.list()[0]);
  CHECK_FALSE(rules.get(id + 1));
  CHECK_FALSE(rules.remove(id + 1));
  CHECK(rules.remove(id));
  CHECK(rules.empty());
  CHECK(rules.add(parse(R"({"action": {"type": "uvBlocked"}})")) == id + 1);
}

TEST_CASE("faults: a rule is used once unless it says how often") {
  Rules rules;
  rules.add(parse(R"({"action": {"type": "uvBlocked"}})"));
  CHECK(hit(rules, get_info()) == 1);
  CHECK(hit(rules, get_info()) == 0);
  rules.add(parse(R"({"action": {"type": "uvBlocked"}, "times": 2})"));
  CHECK(hit(rules, get_info()) == 1);
  CHECK(hit(rules, get_info()) == 1);
  CHECK(hit(rules, get_info()) == 0);
  rules.add(parse(R"({"action": {"type": "uvBlocked"}, "times": null})"));
  for (int i = 0; i < 20; ++i) CHECK(hit(rules, get_info()) == 1);
}

TEST_CASE(
    "faults: a hit that is not used leaves the rule for the next request, and nobody else has it meanwhile") {
  Rules rules;
  rules.add(parse(R"({"action": {"type": "uvBlocked"}})"));
  {
    const auto hits = rules.match(get_info(), kNow);
    CHECK(hits.size() == 1);
    CHECK(rules.match(get_info(), kNow).empty());
  }
  CHECK(hit(rules, get_info()) == 1);
}

TEST_CASE("faults: a rule may go while a request is under way") {
  Rules rules;
  const auto id = rules.add(parse(R"({"action": {"type": "uvBlocked"}})"));
  auto hits = rules.match(get_info(), kNow);
  REQUIRE(hits.size() == 1);
  CHECK(rules.remove(id));
  CHECK(hits[0].action().description() == "uvBlocked");
  hits[0].use();
}

TEST_CASE("faults: nth counts the requests that the rule is for") {
  Rules rules;
  rules.add(parse(R"({"match": {"command": "getAssertion", "rpId": "a.example", "nth": 2},
                      "action": {"type": "uvBlocked"}, "times": 2})"));
  CHECK(hit(rules, get_assertion("a.example")) == 0);
  CHECK(hit(rules, get_assertion("b.example")) == 0);
  CHECK(hit(rules, get_info()) == 0);
  CHECK(hit(rules, get_assertion("a.example")) == 1);
  CHECK(hit(rules, get_assertion("a.example")) == 1);
  CHECK(hit(rules, get_assertion("a.example")) == 0);
}

TEST_CASE("faults: rules match by command, subcommand and relying party") {
  const auto holds = [](const char* match, const Request& request) {
    Rules rules;
    rules.add(Json{{"match", parse(match)}, {"action", {{"type", "delay"}, {"milliseconds", 1}}}});
    return hit(rules, request) == 1;
  };
  Bytes message{0x06};
  append(message, cbor::encode(cbor::Map{{1, 2}, {2, 9}, {10, "example.org"}}));
  const auto client_pin = describe_ctap(message, {});
  CHECK(holds(R"({})", client_pin));
  CHECK(holds(R"({"command": "clientPIN", "subCommand": 9, "rpId": "example.org"})", client_pin));
  CHECK(holds(R"({"command": 6})", client_pin));
  CHECK(holds(R"({"subCommand": 9})", client_pin));
  CHECK_FALSE(holds(R"({"command": "clientPIN", "subCommand": 5})", client_pin));
  CHECK_FALSE(holds(R"({"rpId": "example.com"})", client_pin));

  message = {0x01};
  append(message, cbor::encode(cbor::Map{{1, Bytes(32, 1)}, {2, cbor::Map{{"id", "example.org"}}}}));
  CHECK(holds(R"({"command": "makeCredential", "rpId": "example.org"})", describe_ctap(message, {})));

  message = {0x0A};
  const auto hash = crypto::sha256("example.org");
  append(message, cbor::encode(cbor::Map{{1, 4}, {2, cbor::Map{{1, cbor::Value::bytes(hash)}}}}));
  CHECK(holds(R"({"command": "credentialManagement", "subCommand": 4, "rpId": "example.org"})",
              describe_ctap(message, {})));
  message[0] = 0x41;
  CHECK(holds(R"({"command": "credentialManagement", "rpId": "example.org"})", describe_ctap(message, {})));
  CHECK_FALSE(holds(R"({"command": 10})", describe_ctap(message, {})));

  Bytes before{0x02};
  append(before, cbor::encode(cbor::Map{{1, "example.org"}, {2, Bytes(32, 7)}}));
  const auto next = describe_ctap(Bytes{0x08}, before);
  CHECK(holds(R"({"command": "getNextAssertion", "rpId": "example.org"})", next));
  CHECK(next.client_data_hash == Bytes(32, 7));

  Bytes apdu{0x00, 0x02, 0x03, 0x00, 0x00, 0x00, 67};
  append(apdu, Bytes(32, 7));
  append(apdu, hash);
  append(apdu, Bytes{2, 0xAA, 0xBB});
  const auto u2f = describe_u2f(apdu);
  CHECK(holds(R"({"command": "u2f.authenticate", "rpId": "example.org"})", u2f));
  CHECK_FALSE(holds(R"({"command": 2})", u2f));
  CHECK_FALSE(holds(R"({"command": "getAssertion"})", u2f));
  CHECK(u2f.key_handle == Bytes{0xAA, 0xBB});
}

TEST_CASE("faults: requests of any bytes are described") {
  CHECK(describe_ctap({}, {}).kind == kOtherCtap);
  CHECK(describe_ctap(Bytes{0x02, 0xFF, 0x00}, {}).client_data_hash.empty());
  CHECK(describe_u2f({}).kind == kOtherU2f);
  CHECK_FALSE(describe_u2f(Bytes{0x00, 0x01, 0x00, 0x00, 0xFF, 0x01}).rp_id_hash);
}

TEST_CASE("faults: actions for signatures leave other requests alone") {
  Rules rules;
  rules.add(parse(R"({"action": {"type": "bogusSignature"}})"));
  CHECK(hit(rules, get_info()) == 0);
  CHECK(rules.list()[0]["seen"] == 0);
  CHECK(hit(rules, get_assertion()) == 1);
}

TEST_CASE("faults: a status of CTAP is nothing for U2F, and the other way round") {
  Rules rules;
  rules.add(parse(R"({"action": {"type": "status", "status": "OTHER"}})"));
  const auto version = describe_u2f(Bytes{0x00, 0x03, 0x00, 0x00});
  CHECK(hit(rules, version) == 0);
  CHECK(hit(rules, get_info()) == 1);
}

TEST_CASE("faults: a storm is one hit and holds for requests of any kind") {
  Rules rules;
  rules.add(parse(R"({"match": {"command": "getAssertion"}, "action": {"type": "busy", "requests": 3}})"));
  CHECK(hit(rules, get_info()) == 0);
  CHECK(hit(rules, get_assertion()) == 1);
  CHECK(hit(rules, get_info()) == 1);
  CHECK(hit(rules, get_info()) == 1);
  CHECK(hit(rules, get_assertion()) == 0);
  CHECK(rules.list()[0]["hits"] == 1);

  rules.clear();
  rules.add(parse(R"({"action": {"type": "busy", "milliseconds": 50}})"));
  CHECK(hit(rules, get_info()) == 1);
  CHECK(hit(rules, get_info(), kNow + std::chrono::milliseconds{49}) == 1);
  CHECK(hit(rules, get_info(), kNow + std::chrono::milliseconds{50}) == 0);
}

TEST_CASE("faults: a key has a thousand rules at most") {
  Rules rules;
  for (std::size_t i = 0; i < Rules::kMax; ++i) rules.add(parse(R"({"action": {"type": "uvBlocked"}})"));
  CHECK_THROWS_AS(rules.add(parse(R"({"action": {"type": "uvBlocked"}})")), RuleError);
  CHECK(rules.list().size() == Rules::kMax);
}

TEST_CASE("faults: commands have the names that a trace shows") {
  for (const auto& row : commands()) {
    CAPTURE(row.name);
    if ((row.kind & kCtap) == 0) continue;
    const auto* const names = ctap_command(row.command);
    REQUIRE(names != nullptr);
    CHECK(names->name == row.name);
  }
}

TEST_CASE("faults: docs/faults.md has a row for each action, with its parameters") {
  const auto text = page("faults.md");
  std::set<std::string_view> layers;
  for (const auto& row : action_table()) {
    CAPTURE(row.name);
    const auto begin = text.find("| `" + std::string{row.name} + "` |");
    REQUIRE(begin != std::string::npos);
    const auto line = text.substr(begin, text.find('\n', begin) - begin);
    for (const auto& parameter : row.parameters) {
      CAPTURE(parameter.name);
      CHECK(line.find("`" + std::string{parameter.name} + "`") != std::string::npos);
    }
    layers.insert(row.layer());
  }
  CHECK(layers == std::set<std::string_view>{"message", "packets", "cbor", "webauthn"});
}

TEST_CASE("faults: the OpenAPI file has each action and parameter") {
  const auto text = page("../src/control/openapi.yaml");
  for (const auto& row : action_table()) {
    CAPTURE(row.name);
    CHECK(text.find("const: " + std::string{row.name} + "}") != std::string::npos);
    for (const auto& parameter : row.parameters) {
      CAPTURE(parameter.name);
      CHECK(text.find(" " + std::string{parameter.name} + ": {") != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace faults_rules_test
