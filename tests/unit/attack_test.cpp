// What `fauxkey attack` reads and makes: scenario and site files, client data, responses, reports.
#include <doctest/doctest.h>

#include "attack/error.h"
#include "attack/report.h"
#include "attack/scenario.h"
#include "attack/site.h"
#include "attack/soft_client.h"
#include "attack/variables.h"
#include "cbor/cbor.h"
#include "control/faults/authenticator_data.h"
#include "crypto/hash.h"
#include "crypto/p256.h"

namespace attack_test {

using namespace fauxkey;
using namespace fauxkey::attack;

const std::string kHead =
    "[[scenario]]\nid = \"x\"\ntitle = \"t\"\nsteps = [\"7.2.12\"]\nceremony = \"login\"\nexpect = \"may\"\n";

Scenario scenario(const std::string& more) { return read_scenarios(kHead + more, "f.toml").at(0); }

std::string refusal(const std::string& more) {
  try {
    (void)scenario(more);
  } catch (const FileError& error) {
    return error.what();
  }
  return "none";
}

TEST_CASE("the program's own scenarios and site are in order, and their ids are unique") {
  const auto scenarios = own_scenarios();
  CHECK(scenarios.size() > 60);
  CHECK_NOTHROW(check_unique(scenarios));
  CHECK(own_steps().size() == 54);
  CHECK(own_site().page.has_value());
}

TEST_CASE("a policy changes a scenario's verdict, and only where it holds") {
  const auto one = scenario("under = { counters = \"reject\" }");
  CHECK(one.expected({}) == Verdict::may);
  CHECK(one.expected({"trust"}) == Verdict::may);
  CHECK(one.expected({"trust", "counters"}) == Verdict::reject);
}

TEST_CASE("a mistake in a scenario file is told with file, line and what may stand there") {
  CHECK(refusal("fault = []").starts_with("f.toml:7: a scenario has no member \"fault\"; it may have: id,"));
  CHECK(refusal("\nfaults = [{ type = \"flag\", flag = \"XX\", set = true }]").starts_with("f.toml:8: "));
  CHECK(refusal("client = { cut = -1 }").find("0 to 4096") != std::string::npos);
  CHECK(refusal("key = { backed-up = true }").find("backup-eligible") != std::string::npos);
  CHECK(refusal("credential = \"nobody\"") != "none");
  CHECK(refusal("why = 1.5").starts_with("f.toml:7: dates and fractions"));
  CHECK(refusal("client = { set = { origin = \"${origin}.x\" } }") == "none");
}

TEST_CASE("only what the key alone does wrong can be played through a browser") {
  CHECK(scenario("faults = [{ type = \"bogusSignature\" }]").is_of_the_key_alone());
  CHECK_FALSE(scenario("faults = [{ type = \"bogusSignature\" }]\nsend = \"again\"").is_of_the_key_alone());
  CHECK_FALSE(scenario("client = { cut = 1 }").is_of_the_key_alone());
}

TEST_CASE("bytes are cut before something is appended, and not where there are too few") {
  const ByteEdit edit{.prefix = {0x01}, .suffix = {0x02}, .cut = 2};
  CHECK(edit.apply(Bytes{0x0A, 0x0B, 0x0C}) == Bytes{0x01, 0x0A, 0x02});
  CHECK_FALSE(edit.apply(Bytes{0x0A}).has_value());
}

TEST_CASE("a variable alone keeps its type, within a text it is text, and an unknown member is left out") {
  Variables variables;
  variables.set("list", Json::array({1, 2}));
  variables.set("name", "n");
  CHECK(variables.fill(Json{{"a", "${list}"}, {"b", "x-${name}"}, {"c", "${none}"}}) ==
        Json{{"a", {1, 2}}, {"b", "x-n"}});
  Json json{{"a", {{"b", {1, 2}}}}};
  CHECK(*at_path(json, "a.b.1") == 2);
  CHECK(at_path(json, "a.b.2") == nullptr);
  CHECK(set_at_path(json, "a.c.d", 3));
  CHECK(erase_at_path(json, "a.b"));
  CHECK(json == Json{{"a", {{"c", {{"d", 3}}}}}});
}

TEST_CASE("only an address of this machine is one of this machine") {
  for (const char* own :
       {"http://localhost:8080/x", "http://a.localhost", "http://127.0.0.1", "https://[::1]:1"})
    CHECK(origin_of(own)->is_loopback());
  for (const char* other :
       {"http://localhost.example", "http://127.0.0.1.example", "http://127.0.0.1@example.org",
        "http://example.org#localhost", "http://1270.0.0.1", "http://[::2]"}) {
    const auto origin = origin_of(other);
    CHECK_FALSE((origin && origin->is_loopback()));
  }
  CHECK(origin_of("HTTPS://Example.org:443/a")->text() == "https://example.org");
  CHECK_FALSE(origin_of("ftp://localhost").has_value());
  CHECK_FALSE(origin_of("http://").has_value());
}

TEST_CASE("client data are serialized as WebAuthn Level 3, 5.8.1.1 has it") {
  CHECK(client_data("webauthn.get", "AA", "http://localhost") ==
        R"({"type":"webauthn.get","challenge":"AA","origin":"http://localhost","crossOrigin":false})");
}

TEST_CASE("a response verifies as a relying party verifies it") {
  const Origin origin{.scheme = "http", .host = "localhost", .port = ":1"};
  SoftKey key{KeyConfig{}};
  SoftClient client{origin, key};
  Variables variables;
  const Json options{{"rp", {{"id", "localhost"}, {"name", "x"}}},
                     {"user", {{"id", "AQID"}, {"name", "a"}, {"displayName", "A"}}},
                     {"challenge", "AAAA"},
                     {"authenticatorSelection", {{"residentKey", "required"}}},
                     {"pubKeyCredParams", {{{"type", "public-key"}, {"alg", -7}}}}};
  const auto made = client.create(options, variables, {});
  REQUIRE(made.has_value());
  const auto object = cbor::decode(
      *control::from_base64(at_path(made->json, "response.attestationObject")->get<std::string>()));
  REQUIRE(object.has_value());
  const auto& map = *object->as<cbor::Map>();
  CHECK(*cbor::find(map, "fmt")->as<std::string>() == "none");
  CHECK(cbor::find(map, "attStmt")->as<cbor::Map>()->empty());
  const auto data = control::faults::read_authenticator_data(*cbor::find(map, "authData")->as<Bytes>());
  CHECK(data->rp_id_hash == crypto::sha256(std::string_view{"localhost"}));
  const auto info = public_key_info(data->attested->public_key);
  REQUIRE(info.has_value());
  CHECK(info->size() == 91);
  CHECK(control::base64url(*info) == at_path(made->json, "response.publicKey")->get<std::string>());

  const auto got = client.get({{"challenge", "BBBB"}, {"rpId", "localhost"}}, {}, variables, {});
  REQUIRE(got.has_value());
  CHECK(got->credential_id == made->credential_id);
  CHECK(*at_path(got->json, "response.userHandle") == "AQID");
  const auto bytes = [&](const char* path) {
    return *control::from_base64(at_path(got->json, path)->get<std::string>());
  };
  Bytes message = bytes("response.authenticatorData");
  append(message, crypto::sha256(bytes("response.clientDataJSON")));
  crypto::p256::PublicKey public_key;
  std::copy_n(info->end() - 64, 32, public_key.x.begin());
  std::copy_n(info->end() - 32, 32, public_key.y.begin());
  CHECK(crypto::p256::verify(public_key, message, bytes("response.signature")));
}

TEST_CASE("a deviation that changes nothing is an error") {
  const Origin origin{.scheme = "http", .host = "localhost", .port = {}};
  SoftKey key{KeyConfig{}};
  SoftClient client{origin, key};
  Variables variables;
  const Json options{{"user", {{"id", "AQID"}}}, {"challenge", "AAAA"}};
  const auto idle = scenario("client = { remove = [\"none\"] }");
  CHECK_FALSE(client.create(options, variables, {.scenario = &idle}).has_value());
  const auto unsigned_format = read_scenarios(
      "[[scenario]]\nid=\"x\"\ntitle=\"t\"\nsteps=[\"7.1.22\"]\nceremony=\"registration\"\nexpect="
      "\"reject\"\n"
      "faults=[{type=\"attestation\",statement=\"none\"},{type=\"bogusSignature\"}]",
      "f");
  const auto refused = client.create(options, variables, {.scenario = unsigned_format.data()});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error() == "the fault bogusSignature found nothing to change in the key's answer");
}

TEST_CASE("reports hold what a site says without taking it for markup") {
  CHECK(escaped("<a href='x'>\"&\x01") == "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\xEF\xBF\xBD");
  CHECK(steps_text({"7.1.9", "7.1.12", "7.2.3"}) == "7.1 step 9, 12; 7.2 step 3");
  const auto one = scenario("");
  Report report;
  report.results.push_back({.scenario = &one,
                            .expected = Verdict::reject,
                            .outcome = Outcome::not_rejected,
                            .site = "accepted",
                            .said = "<script>"});
  CHECK_FALSE(report.is_good());
  CHECK(report_html(report).find("<script>") == std::string::npos);
  CHECK(report_junit(report).find("failures=\"1\"") != std::string::npos);
  CHECK(report_json(report)["counts"]["not-rejected"] == 1);
}

}  // namespace attack_test
