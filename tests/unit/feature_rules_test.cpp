// A key that would tell platforms what does not fit together refuses to start and names the rule.
#include "ctap/feature_rules.h"

#include <functional>

#include "ctap/get_info.h"
#include "platform.h"

namespace feature_rules_test {

using namespace fauxkey;
using namespace fauxkey::test;
using fauxkey::ctap::broken_rule;

namespace {

cbor::Map info_of(const KeyConfig& config) {
  ManualClock clock;
  SystemRandom random;
  MemoryStore store;
  ScriptedGate user{clock};
  Authenticator key{config, Ports{store, user, clock, random}};
  return *ctap::info::describe(key)->as<cbor::Map>();
}

cbor::Value& member(cbor::Map& map, const cbor::Value& key) {
  for (auto& [name, value] : map) {
    if (name == key) return value;
  }
  map.emplace_back(key, cbor::Value{});
  return map.back().second;
}

void set_option(cbor::Map& info, const char* name, bool value) {
  auto options = *member(info, 4).as<cbor::Map>();
  member(options, name) = value;
  member(info, 4) = options;
}

void remove_extension(cbor::Map& info, const char* name) {
  auto extensions = *member(info, 2).as<cbor::Array>();
  std::erase(extensions, cbor::Value{name});
  member(info, 2) = extensions;
}

void add_to(cbor::Map& info, int list, const cbor::Value& element) {
  auto elements = *member(info, list).as<cbor::Array>();
  elements.push_back(element);
  member(info, list) = elements;
}

}  // namespace

TEST_CASE("every key that options can make keeps the rules of getInfo") {
  for (const auto uv : {BuiltInUvKind::none, BuiltInUvKind::prompt, BuiltInUvKind::fingerprint}) {
    for (const auto large_blobs : {LargeBlobKind::command, LargeBlobKind::extension}) {
      for (const bool on : {false, true}) {
        KeyConfig config{.built_in_uv = uv, .large_blobs = large_blobs, .uvm = on, .always_uv = on};
        if (on) config.enterprise = Enterprise{{"example.com"}};
        CHECK(broken_rule(info_of(config)).value_or("none") == "none");
      }
    }
  }
}

TEST_CASE("an answer of getInfo that breaks a rule is found out, with the rule's section") {
  struct Case {
    const char* rule;
    std::function<void(cbor::Map&)> spoil;
  };
  const std::vector<Case> cases{
      {"9: extension hmac-secret", [](auto& info) { remove_extension(info, "hmac-secret"); }},
      {"9: a key with discoverable credentials has credentialManagement",
       [](auto& info) { set_option(info, "credMgmt", false); }},
      {"9: a key that can verify its user has extension credProtect",
       [](auto& info) { remove_extension(info, "credProtect"); }},
      {"9: PIN/UV auth protocol two", [](auto& info) { member(info, 6) = cbor::Array{cbor::Value{1}}; }},
      {"9: enterprise attestation", [](auto& info) { set_option(info, "ep", false); }},
      {"6.4: lists are not empty", [](auto& info) { add_to(info, 1, "FIDO_2_0"); }},
      {"6.4: lists are not empty", [](auto& info) { member(info, 9) = cbor::Array{}; }},
      {"6.4: minPINLength", [](auto& info) { member(info, 0x0D) = 3; }},
      {"6.4: maxPINLength", [](auto& info) { member(info, 0x1D) = 64; }},
      {"6.11.2", [](auto& info) { member(info, 0x1F) = cbor::Array{3, 4}; }},
      {"6.4: uvBioEnroll", [](auto& info) { set_option(info, "uvBioEnroll", true); }},
      {"6.4: alwaysUv", [](auto& info) { set_option(info, "alwaysUv", true); }},
      {"12.2", [](auto& info) { member(info, 0x0F) = 31; }},
      {"12.4", [](auto& info) { add_to(info, 2, "largeBlob"); }},
      {"6.10.1", [](auto& info) { set_option(info, "largeBlobs", false); }},
      {"6.4: maxSerializedLargeBlobArray", [](auto& info) { member(info, 0x0B) = 1000; }},
  };
  for (const auto& [rule, spoil] : cases) {
    CAPTURE(rule);
    auto info = info_of({});
    spoil(info);
    const auto broken = broken_rule(info);
    REQUIRE(broken.has_value());
    CHECK(broken->starts_with(std::string{"CTAP 2.3, "} + rule));
  }
}

TEST_CASE("a key whose options break a rule does not start, and says which") {
  ManualClock clock;
  SystemRandom random;
  MemoryStore store;
  ScriptedGate user{clock};
  const KeyConfig config{.algorithms = {Algorithm::es256, Algorithm::es256}};
  CHECK_THROWS_WITH_AS((VirtualKey{config, Ports{store, user, clock, random}}),
                       doctest::Contains("lists are not empty and hold nothing twice"), std::runtime_error);
}

}  // namespace feature_rules_test
