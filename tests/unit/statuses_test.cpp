// Every status that the key can answer by is provoked here, each by a host's or a user's doing.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "managed_key.h"

namespace statuses_test {

namespace fs = std::filesystem;
using namespace fauxkey;
using cbor::Array;
using cbor::Map;
using cbor::Value;
using test::Bench;
using test::ManagedKey;

Status answer_to(Bench& bench, const Bytes& message, const std::stop_token& stop = {}) {
  return bench.send_bytes(1, message, stop).status;
}

Map registration_with(int member, Value value) {
  Map request = Bench::registration("new", false);
  std::erase_if(request, [&](const auto& pair) { return pair.first == Value{member}; });
  request.emplace_back(member, std::move(value));
  return request;
}

Status wrong_pins(ManagedKey& key, int times) {
  Status status{};
  for (int i = 0; i < times; ++i) {
    if (i % 3 == 0) key.key.power_cycle();  // after three in a row nothing else helps
    status = key.get_token("0000", 0x04, key.token, nullptr);
  }
  return status;
}

/// A key with a PIN whose user verifies by its prompts, and fails at that `times`.
Status failed_verifications(int times) {
  KeyConfig config;
  config.built_in_uv = BuiltInUvKind::prompt;
  Bench bench{config};
  Status status{};
  for (int i = 0; i < times; ++i) {
    const auto agreement = bench.agree();
    bench.user.otherwise = UserAnswer::not_verified;
    status = bench.send(0x06, {{1, 2}, {2, 6}, {3, agreement.cose}, {9, 0x04}}).status;
  }
  return status;
}

/// A disk that breaks while the key is in use.
class FailingStore final : public CredentialStore {
 public:
  bool broken = false;
  StoreResult<void> put_all(std::span<const Credential> credentials) override {
    return ok() ? memory_.put_all(credentials) : error();
  }
  StoreResult<bool> update(const Credential& credential) override {
    return ok() ? memory_.update(credential) : StoreResult<bool>{error()};
  }
  StoreResult<std::optional<Credential>> find(ByteView id) override {
    return ok() ? memory_.find(id) : StoreResult<std::optional<Credential>>{error()};
  }
  StoreResult<std::vector<Credential>> find_by_rp(const RpIdHash& hash) override {
    return ok() ? memory_.find_by_rp(hash) : StoreResult<std::vector<Credential>>{error()};
  }
  StoreResult<bool> erase(ByteView id) override {
    return ok() ? memory_.erase(id) : StoreResult<bool>{error()};
  }
  StoreResult<std::size_t> count() override {
    return ok() ? memory_.count() : StoreResult<std::size_t>{error()};
  }
  StoreResult<Page> page(std::uint64_t cursor, std::size_t limit) override {
    return ok() ? memory_.page(cursor, limit) : StoreResult<Page>{error()};
  }
  StoreResult<Page> page_by_rp(const RpIdHash& hash, std::uint64_t cursor, std::size_t limit) override {
    return ok() ? memory_.page_by_rp(hash, cursor, limit) : StoreResult<Page>{error()};
  }
  StoreResult<Page> page_relying_parties(std::uint64_t cursor, std::size_t limit) override {
    return ok() ? memory_.page_relying_parties(cursor, limit) : StoreResult<Page>{error()};
  }
  StoreResult<std::size_t> count_relying_parties() override {
    return ok() ? memory_.count_relying_parties() : StoreResult<std::size_t>{error()};
  }
  StoreResult<std::uint64_t> revision() override {
    return ok() ? memory_.revision() : StoreResult<std::uint64_t>{error()};
  }
  StoreResult<std::uint32_t> next_sign_count(ByteView id) override {
    return ok() ? memory_.next_sign_count(id) : StoreResult<std::uint32_t>{error()};
  }
  StoreResult<SignCounter> sign_counter(ByteView id) override {
    return ok() ? memory_.sign_counter(id) : StoreResult<SignCounter>{error()};
  }
  StoreResult<void> raise_sign_count(ByteView id, std::uint32_t at_least) override {
    return ok() ? memory_.raise_sign_count(id, at_least) : error();
  }
  StoreResult<std::optional<SecretBytes>> load(RecordKind kind) override { return memory_.load(kind); }
  StoreResult<void> save(RecordKind kind, ByteView value) override {
    return ok() ? memory_.save(kind, value) : error();
  }
  StoreResult<void> reset() override { return ok() ? memory_.reset() : error(); }

 private:
  [[nodiscard]] bool ok() const { return !broken; }
  static std::unexpected<StoreError> error() {
    return std::unexpected{StoreError{StoreError::Kind::damaged, "The disk is broken."}};
  }
  MemoryStore memory_;
};

Status by_a_broken_disk() {
  ManualClock clock;
  SystemRandom random;
  FailingStore store;
  test::ScriptedGate user{clock};
  VirtualKey key{{}, Ports{store, user, clock, random}};
  store.broken = true;
  Bytes message{0x01};
  append(message, cbor::encode(Bench::registration("new", true)));
  return static_cast<Status>(key.process_cbor(message, {.channel = 1, .stop = {}, .on_waiting = {}}).at(0));
}

const std::map<std::string, std::function<Status(ManagedKey&)>>& provocations() {
  static const std::map<std::string, std::function<Status(ManagedKey&)>> kProvocations{
      {"ok", [](auto& key) { return key.send(0x04).status; }},
      {"invalid_command", [](auto& key) { return key.send(0x55).status; }},
      {"invalid_parameter", [](auto& key) { return key.send(0x06, {{1, 7}, {2, 2}}).status; }},
      {"invalid_length", [](auto& key) { return key.send(0x08, {{1, 1}}).status; }},
      {"invalid_seq",
       [](auto& key) {
         const Bytes whole = test::blob_array(1);
         return key.send(0x0C, key.fragment(whole, 40, whole.size() - 40)).status;
       }},
      {"cbor_unexpected_type", [](auto& key) { return key.send(0x01, registration_with(1, "text")).status; }},
      {"invalid_cbor", [](auto& key) { return answer_to(key, {0x01, 0xff}); }},
      {"missing_parameter", [](auto& key) { return key.send(0x01).status; }},
      {"limit_exceeded",
       [](auto& key) {
         Map request = Bench::login("a.example");
         request.emplace_back(3, Array(25, Value{Map{{"id", Bytes(16, 1)}, {"type", "public-key"}}}));
         return key.send(0x02, request).status;
       }},
      {"fp_database_full",
       [](auto& key) {
         for (;;) {
           auto answer = key.send(0x09, key.enrollment(1));
           if (answer.status != Status::ok) return answer.status;
           const Bytes id = *answer[4].template as<Bytes>();
           while (answer[6] != Value{0}) answer = key.send(0x09, key.enrollment(2, Map{{1, id}}));
         }
       }},
      {"large_blob_storage_full",
       [](auto& key) { return key.send(0x0C, key.fragment(Bytes(100'000), 0, 100)).status; }},
      {"credential_excluded",
       [](auto& key) {
         const auto made = key.send(
             0x0A, key.management(4, Map{{1, Value::bytes(crypto::sha256(std::string_view{"a.example"}))}}));
         Map request = Bench::registration("new", false, "a.example");
         request.emplace_back(5, Array{made[7]});
         return key.send(0x01, request).status;
       }},
      {"unsupported_algorithm",
       [](auto& key) {
         return key.send(0x01, registration_with(4, Array{Map{{"alg", -999}, {"type", "public-key"}}}))
             .status;
       }},
      {"operation_denied",
       [](auto& key) {
         key.user.otherwise = UserAnswer::denied;
         return key.send(0x0B).status;
       }},
      {"key_store_full",
       [](auto& key) {
         const Map params{{1, 4}, {2, Array(17, Value{"a.example"})}};
         Bytes covered(32, 0xff);
         append(covered, Bytes{0x0d, 3});
         append(covered, cbor::encode(params));
         REQUIRE(key.get_token(ManagedKey::kPin, 0x20, key.token, nullptr) == Status::ok);
         return key.send(0x0D, key.signed_with_token(Map{{1, 3}, {2, params}}, covered, 3)).status;
       }},
      {"unsupported_option",
       [](auto& key) {
         Map request = Bench::login("a.example");
         request.emplace_back(5, Map{{"rk", true}});
         return key.send(0x02, request).status;
       }},
      {"invalid_option",
       [](auto& key) { return key.send(0x01, registration_with(7, Map{{"up", false}})).status; }},
      {"keepalive_cancel",
       [](auto& key) {
         std::stop_source stop;
         stop.request_stop();
         return answer_to(key, {0x0B}, stop.get_token());
       }},
      {"no_credentials", [](auto& key) { return key.send(0x02, Bench::login("unknown.example")).status; }},
      {"user_action_timeout",
       [](auto& key) {
         key.user.otherwise = UserAnswer::timed_out;
         return key.send(0x0B).status;
       }},
      {"not_allowed", [](auto& key) { return key.send(0x08).status; }},
      {"pin_invalid", [](auto& key) { return key.get_token("0000", 0x04, key.token, nullptr); }},
      {"pin_auth_blocked", [](auto& key) { return wrong_pins(key, 3); }},
      {"pin_blocked", [](auto& key) { return wrong_pins(key, 8); }},
      {"pin_auth_invalid",
       [](auto& key) {
         key.token.data()[0] ^= 1;
         return key.send(0x0A, key.management(1)).status;
       }},
      {"pin_not_set",
       [](auto&) {
         Bench fresh;
         SecretBytes token;
         return fresh.get_token("1234", 0x04, token, nullptr);
       }},
      {"puat_required", [](auto& key) { return key.send(0x01, Bench::registration("new", true)).status; }},
      {"pin_policy_violation",
       [](auto&) {
         Bench fresh;
         return fresh.set_pin("123").status;
       }},
      {"request_too_large", [](auto& key) { return answer_to(key, Bytes(7610, 0x01)); }},
      {"uv_invalid", [](auto&) { return failed_verifications(1); }},
      {"uv_blocked", [](auto&) { return failed_verifications(6); }},
      {"integrity_failure",
       [](auto& key) {
         Bytes whole = test::blob_array(1);
         whole.back() ^= 1;
         return key.send(0x0C, key.fragment(whole, 0, whole.size())).status;
       }},
      {"invalid_subcommand", [](auto& key) { return key.send(0x06, {{1, 2}, {2, 99}}).status; }},
      {"unauthorized_permission",
       [](auto&) {
         Bench without_sensor;
         REQUIRE(without_sensor.set_pin("1234").status == Status::ok);
         SecretBytes token;
         return without_sensor.get_token("1234", 0x08, token, nullptr);
       }},
      {"other", [](auto&) { return by_a_broken_disk(); }},
  };
  return kProvocations;
}

TEST_CASE("every status that the key can give is provoked") {
  for (const auto& [name, provoke] : provocations()) {
    CAPTURE(name);
    ManagedKey key;
    std::string upper = name;
    for (auto& letter : upper) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    CHECK(std::string{name_of(provoke(key))} == upper);
  }
}

TEST_CASE("no status is in the key's sources that the test above does not provoke") {
  // CTAPHID has errors of its own; status.cpp names all.
  std::set<std::string> used;
  const std::regex pattern{"\\bStatus::([a-z_]+)"};
  for (const char* folder : {"src/authenticator", "src/ctap", "src/key"}) {
    for (const auto& entry : fs::recursive_directory_iterator{fs::path{FAUXKEY_SOURCE_DIR} / folder}) {
      if (entry.path().extension() != ".cpp") continue;
      std::ostringstream text;
      text << std::ifstream{entry.path()}.rdbuf();
      const std::string source = text.str();
      for (std::sregex_iterator at{source.begin(), source.end(), pattern}, end; at != end; ++at) {
        used.insert((*at)[1]);
      }
    }
  }
  CHECK(used.size() > 25);
  for (const auto& name : used) {
    CAPTURE(name);
    CHECK(provocations().contains(name));
  }
}

}  // namespace statuses_test
