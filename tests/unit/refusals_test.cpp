// What the key refuses it explains: the clause that a person reads in the trace.
#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>

#include "managed_key.h"

namespace refusals_test {

using namespace fauxkey;
using cbor::Array;
using cbor::Map;
using cbor::Value;
using std::chrono::seconds;
using test::Answer;
using test::Bench;
using test::ManagedKey;

void check_refused(const Answer& answer, Status status, const std::string& because) {
  CHECK(std::string{name_of(answer.status)} == name_of(status));
  CAPTURE(answer.why);
  CAPTURE(because);
  CHECK(answer.why.find(because) != std::string::npos);
}

Map with(Map request, int member, Value value) {
  std::erase_if(request, [&](const auto& pair) { return pair.first == Value{member}; });
  request.emplace_back(member, std::move(value));
  return request;
}

Map without(Map request, int member) {
  std::erase_if(request, [&](const auto& pair) { return pair.first == Value{member}; });
  return request;
}

Map a_registration() { return Bench::registration("new", false, "a.example"); }
Map a_login() { return Bench::login("a.example"); }
Value descriptor(const Bytes& id) { return Map{{"id", id}, {"type", "public-key"}}; }

struct Row {
  const char* because;
  Status status;
  std::function<Answer(ManagedKey&)> ask;
};

/// Requests whose mistake is in what they hold.
const std::vector<Row> kMistakes{
    {"there is no command 0x55", Status::invalid_command, [](auto& key) { return key.send(0x55); }},
    {"getInfo takes no parameters", Status::invalid_length,
     [](auto& key) { return key.send(0x04, {{1, 1}}); }},
    {"the message is empty", Status::invalid_length, [](auto& key) { return key.send_bytes(1, {}); }},
    {"7610 bytes, more than 7609", Status::request_too_large,
     [](auto& key) { return key.send_bytes(1, Bytes(7610, 1)); }},
    {"the item is cut off (byte 0)", Status::invalid_cbor,
     [](auto& key) { return key.send_bytes(1, {0x01, 0x19, 0x01}); }},
    {"not in canonical order", Status::invalid_cbor,
     [](auto& key) { return key.send_bytes(1, {0x01, 0xA2, 0x02, 0x00, 0x01, 0x00}); }},
    {"the parameters are of type array", Status::cbor_unexpected_type,
     [](auto& key) { return key.send_bytes(1, {0x01, 0x80}); }},
    {"member 0x02 (rp) is missing", Status::missing_parameter,
     [](auto& key) { return key.send(0x01, without(a_registration(), 2)); }},
    {"member \"id\" of rp is missing", Status::missing_parameter,
     [](auto& key) { return key.send(0x01, with(a_registration(), 2, Map{{"name", "A"}})); }},
    {"member \"name\" of rp is of type byte string, not text string", Status::cbor_unexpected_type,
     [](auto& key) {
       return key.send(0x01, with(a_registration(), 2, Map{{"id", "a.example"}, {"name", Bytes{1}}}));
     }},
    {"member 0x01 (clientDataHash) is of type text string, not byte string", Status::cbor_unexpected_type,
     [](auto& key) { return key.send(0x01, with(a_registration(), 1, "text")); }},
    {"clientDataHash has 31 bytes", Status::invalid_length,
     [](auto& key) { return key.send(0x01, with(a_registration(), 1, Bytes(31))); }},
    {"the user id has 65 bytes", Status::invalid_length,
     [](auto& key) { return key.send(0x01, with(a_registration(), 3, Map{{"id", Bytes(65)}})); }},
    {"none of the 1 algorithm", Status::unsupported_algorithm,
     [](auto& key) {
       return key.send(0x01, with(a_registration(), 4, Array{Map{{"alg", -999}, {"type", "public-key"}}}));
     }},
    {"lacks type or alg", Status::invalid_parameter,
     [](auto& key) { return key.send(0x01, with(a_registration(), 4, Array{Map{{"alg", -7}}})); }},
    {"an entry of pubKeyCredParams is of type unsigned integer", Status::cbor_unexpected_type,
     [](auto& key) { return key.send(0x01, with(a_registration(), 4, Array{Value{7}})); }},
    {"an entry of excludeList is of type unsigned integer, not map", Status::cbor_unexpected_type,
     [](auto& key) { return key.send(0x01, with(a_registration(), 5, Array{Value{7}})); }},
    {"member \"id\" of excludeList is missing", Status::missing_parameter,
     [](auto& key) { return key.send(0x01, with(a_registration(), 5, Array{Map{{"type", "public-key"}}})); }},
    {"allowList has 25 entries, more than 24", Status::limit_exceeded,
     [](auto& key) { return key.send(0x02, with(a_login(), 3, Array(25, descriptor(Bytes(16, 1))))); }},
    {"option up is false", Status::invalid_option,
     [](auto& key) { return key.send(0x01, with(a_registration(), 7, Map{{"up", false}})); }},
    {"member \"rk\" of options is of type unsigned integer, not boolean", Status::cbor_unexpected_type,
     [](auto& key) { return key.send(0x01, with(a_registration(), 7, Map{{"rk", 1}})); }},
    {"option rk is makeCredential's alone", Status::unsupported_option,
     [](auto& key) { return key.send(0x02, with(a_login(), 5, Map{{"rk", false}})); }},
    {"option uv is true, and no finger is enrolled", Status::invalid_option,
     [](auto& key) { return key.send(0x02, with(a_login(), 5, Map{{"uv", true}})); }},
    {"the key is protected, and a discoverable credential (rk) needs user verification",
     Status::puat_required, [](auto& key) { return key.send(0x01, Bench::registration("new", true)); }},
    {"credProtect is 4, not 1, 2 or 3", Status::invalid_parameter,
     [](auto& key) { return key.send(0x01, with(a_registration(), 6, Map{{"credProtect", 4}})); }},
    {"hmac-secret-mc stands without hmac-secret", Status::missing_parameter,
     [](auto& key) { return key.send(0x01, with(a_registration(), 6, Map{{"hmac-secret-mc", Map{}}})); }},
    {"member 0x02 (saltEnc) of hmac-secret is missing", Status::missing_parameter,
     [](auto& key) {
       return key.send(0x02, with(a_login(), 4, Map{{"hmac-secret", Map{{1, Map{}}, {3, Bytes{1}}}}}));
     }},
    {"hmac-secret needs user presence", Status::unsupported_option,
     [](auto& key) {
       return key.send(0x02, with(with(a_login(), 4, Map{{"hmac-secret", Map{}}}), 5, Map{{"up", false}}));
     }},
    {"largeBlobKey is false", Status::invalid_option,
     [](auto& key) { return key.send(0x02, with(a_login(), 4, Map{{"largeBlobKey", false}})); }},
    {"largeBlobKey needs option rk", Status::invalid_option,
     [](auto& key) { return key.send(0x01, with(a_registration(), 6, Map{{"largeBlobKey", true}})); }},
    {"the key has no enterprise attestation", Status::invalid_parameter,
     [](auto& key) { return key.send(0x01, with(a_registration(), 10, 1)); }},
    {"an entry of attestationFormatsPreference is of type boolean", Status::cbor_unexpected_type,
     [](auto& key) { return key.send(0x01, with(a_registration(), 11, Array{Value{true}})); }},
    {"there is no PIN/UV auth protocol 7", Status::invalid_parameter,
     [](auto& key) { return key.send(0x06, {{1, 7}, {2, 2}}); }},
    {"pinUvAuthProtocol is missing beside pinUvAuthParam", Status::missing_parameter,
     [](auto& key) { return key.send(0x02, with(a_login(), 6, Bytes(32))); }},
    {"there is no clientPIN subcommand 99", Status::invalid_subcommand,
     [](auto& key) { return key.send(0x06, {{1, 2}, {2, 99}}); }},
    {"keyAgreement is no COSE_Key", Status::invalid_parameter,
     [](auto& key) { return key.send(0x06, {{1, 2}, {2, 9}, {3, Map{{1, 2}}}, {6, Bytes(32)}, {9, 4}}); }},
    {"permissions is 0", Status::invalid_parameter,
     [](auto& key) { return key.send(0x06, {{1, 2}, {2, 9}, {9, 0}}); }},
    {"no use for permissions 0x80", Status::unauthorized_permission,
     [](auto& key) { return key.send(0x06, {{1, 2}, {2, 9}, {9, 0x84}}); }},
    {"permissions mc and ga need member 0x0a (rpId)", Status::missing_parameter,
     [](auto& key) { return key.send(0x06, {{1, 2}, {2, 9}, {9, 1}}); }},
    {"pcmr goes with no other", Status::invalid_parameter,
     [](auto& key) { return key.send(0x06, {{1, 2}, {2, 9}, {9, 0x44}}); }},
    {"getPinToken knows no permissions", Status::invalid_parameter,
     [](auto& key) { return key.send(0x06, {{1, 2}, {2, 5}, {9, 1}}); }},
    {"no finger is enrolled", Status::not_allowed,
     [](auto& key) {
       const auto agreement = key.agree();
       return key.send(0x06, {{1, 2}, {2, 6}, {3, agreement.cose}, {9, 4}});
     }},
    {"there is no credentialManagement subcommand 9", Status::invalid_subcommand,
     [](auto& key) { return key.send(0x0A, {{1, 9}}); }},
    {"the request has no pinUvAuthParam", Status::puat_required,
     [](auto& key) { return key.send(0x0A, {{1, 1}}); }},
    {"rpIDHash has 4 bytes", Status::invalid_length,
     [](auto& key) { return key.send(0x0A, key.management(4, Map{{1, Bytes(4)}})); }},
    {"member 0x01 (rpIDHash) of subCommandParams is missing", Status::missing_parameter,
     [](auto& key) { return key.send(0x0A, key.management(4)); }},
    {"no discoverable credentials of that rpIDHash", Status::no_credentials,
     [](auto& key) { return key.send(0x0A, key.management(4, Map{{1, Bytes(32)}})); }},
    {"no discoverable credential of that credentialID", Status::no_credentials,
     [](auto& key) { return key.send(0x0A, key.management(6, Map{{2, descriptor(Bytes(16))}})); }},
    {"no enumerateRPsBegin", Status::not_allowed, [](auto& key) { return key.send(0x0A, {{1, 3}}); }},
    {"no enumerateCredentialsBegin", Status::not_allowed, [](auto& key) { return key.send(0x0A, {{1, 5}}); }},
    {"no authenticatorConfig subcommand 1", Status::invalid_parameter,
     [](auto& key) { return key.send(0x0D, {{1, 1}}); }},
    {"there is no bioEnrollment subcommand 9", Status::invalid_subcommand,
     [](auto& key) { return key.send(0x09, {{1, 1}, {2, 9}}); }},
    {"modality is 2", Status::unsupported_option, [](auto& key) { return key.send(0x09, {{1, 2}, {2, 7}}); }},
    {"no finger is enrolled", Status::invalid_option,
     [](auto& key) { return key.send(0x09, key.enrollment(4)); }},
    {"no enrollment is open on this channel", Status::not_allowed,
     [](auto& key) { return key.send(0x09, key.enrollment(2, Map{{1, Bytes(8)}})); }},
    {"no enrolled fingerprint has this templateId", Status::invalid_option,
     [](auto& key) { return key.send(0x09, key.enrollment(6, Map{{1, Bytes(8)}})); }},
    {"offset is missing", Status::invalid_parameter, [](auto& key) { return key.send(0x0C, {{1, 10}}); }},
    {"get and set: one of them", Status::invalid_parameter,
     [](auto& key) { return key.send(0x0C, {{1, 10}, {2, Bytes{1}}, {3, 0}}); }},
    {"get asks for 7546, more than 7545 bytes", Status::invalid_length,
     [](auto& key) { return key.send(0x0C, {{1, 7546}, {3, 0}}); }},
    {"offset is 18, more than 17, the stored array's length", Status::invalid_parameter,
     [](auto& key) { return key.send(0x0C, {{1, 10}, {3, 18}}); }},
    {"length is 17000, more than 16384", Status::large_blob_storage_full,
     [](auto& key) { return key.send(0x0C, {{2, Bytes(17)}, {3, 0}, {4, 17000}}); }},
    {"no fragment with offset 0 came before", Status::invalid_seq,
     [](auto& key) { return key.send(0x0C, {{2, Bytes(17)}, {3, 5}}); }},
    {"no getAssertion with answers left", Status::not_allowed, [](auto& key) { return key.send(0x08); }},
};

TEST_CASE("a refusal says which member, value or state is at fault") {
  for (const auto& row : kMistakes) {
    CAPTURE(row.because);
    ManagedKey key;
    check_refused(row.ask(key), row.status, row.because);
  }
}

TEST_CASE_FIXTURE(ManagedKey, "no credentials: the list, the key or credProtect is why") {
  check_refused(
      send(0x02, Bench::login("unknown.example")), Status::no_credentials,
      "the key holds no discoverable credential of unknown.example, and the request has no allowList");
  const Array three{descriptor(Bytes(16, 1)), descriptor(Bytes(16, 2)), descriptor(Bytes(16, 3))};
  check_refused(send(0x02, with(a_login(), 3, three)), Status::no_credentials,
                "the list names 3 credentials, none is of this key and a.example");

  Bench fresh;
  REQUIRE(fresh.send(0x01, with(Bench::registration("u", true), 6, Map{{"credProtect", 3}})).status ==
          Status::ok);
  check_refused(fresh.send(0x02, Bench::login()), Status::no_credentials,
                "1 credential of example.com, hidden by credProtect 3 and no user verification");
  REQUIRE(fresh.send(0x01, with(Bench::registration("v", true), 6, Map{{"credProtect", 2}})).status ==
          Status::ok);
  check_refused(fresh.send(0x02, Bench::login()), Status::no_credentials,
                "2 credentials of example.com, hidden by credProtect 2 and 3");
}

TEST_CASE_FIXTURE(Bench, "a host's names come to a refusal as text that is safe to show") {
  const auto answer = send(0x02, Bench::login("evil\x1b[2J\u202E.example"));
  check_refused(answer, Status::no_credentials, "evil\\u{1B}[2J\\u{202E}.example");
  CHECK(answer.why.find('\x1b') == std::string::npos);
  const auto longer = send(0x02, Bench::login((std::string(3000, 'a') + ".example").c_str()));
  CHECK(longer.why.size() < 250);
  CHECK(longer.why.find("a.example") != std::string::npos);
}

TEST_CASE_FIXTURE(Bench, "PIN_AUTH_INVALID says what is wrong with the token or what it signs") {
  check_refused(send(0x02, with(with(a_login(), 6, Bytes(32)), 7, 2)), Status::pin_auth_invalid,
                "no pinUvAuthToken was given out since power-up");
  REQUIRE(set_pin("1234").status == Status::ok);
  SecretBytes token;
  REQUIRE(get_token("1234", 0x01, token, "a.example") == Status::ok);
  check_refused(send(0x02, with(with(a_login(), 6, Bytes(32)), 7, 2)), Status::pin_auth_invalid,
                "pinUvAuthParam does not match clientDataHash under the token");
  check_refused(send(0x02, with_token(a_login(), token, 6)), Status::pin_auth_invalid,
                "the token has no permission ga");
  check_refused(send(0x01, with_token(Bench::registration("u", true, "b.example"), token, 8)),
                Status::pin_auth_invalid, "the token is bound to a.example, not to b.example");
  REQUIRE(send(0x01, with_token(a_registration(), token, 8)).status == Status::ok);
  check_refused(send(0x01, with_token(a_registration(), token, 8)), Status::pin_auth_invalid,
                "the token's permission mc was used up");
  REQUIRE(get_token("1234", 0x02, token, "a.example") == Status::ok);
  clock.advance(seconds{31});
  check_refused(send(0x02, with_token(a_login(), token, 6)), Status::pin_auth_invalid,
                "not used within 30 s");
  REQUIRE(get_token("1234", 0x02, token, "a.example") == Status::ok);
  key.power_cycle();
  check_refused(send(0x02, with_token(a_login(), token, 6)), Status::pin_auth_invalid, "a power cycle");
}

TEST_CASE_FIXTURE(ManagedKey, "a token of one relying party is no good for what concerns all") {
  REQUIRE(get_token(kPin, 0x04, token, "a.example") == Status::ok);
  check_refused(send(0x0A, management(1)), Status::pin_auth_invalid, "the token is bound to a.example");
  const auto other = crypto::sha256(std::string_view{"b.example"});
  check_refused(send(0x0A, management(4, Map{{1, Value::bytes(other)}})), Status::pin_auth_invalid,
                "the request is about another relying party");
}

TEST_CASE_FIXTURE(Bench, "a wrong PIN's refusal counts the tries that are left") {
  const auto try_pin = [&](std::string_view pin) {
    const auto agreement = agree();
    return send(0x06, {{1, 2}, {2, 5}, {3, agreement.cose}, {6, encrypt(agreement, pin_hash(pin))}});
  };
  check_refused(try_pin("1234"), Status::pin_not_set, "no PIN is set");
  check_refused(set_pin("123"), Status::pin_policy_violation, "fewer than 4 code points");
  REQUIRE(set_pin("1234").status == Status::ok);
  check_refused(set_pin("1234"), Status::pin_auth_invalid, "a PIN is set already");
  check_refused(try_pin("0000"), Status::pin_invalid, "wrong PIN, 7 tries left");
  check_refused(try_pin("0000"), Status::pin_invalid, "wrong PIN, 6 tries left");
  check_refused(try_pin("0000"), Status::pin_auth_blocked, "the third in a row");
  check_refused(try_pin("1234"), Status::pin_auth_blocked, "unplugged and plugged in again (5 tries left)");
  for (int i = 0; i < 5; ++i) {
    key.power_cycle();
    check_refused(try_pin("0000"), i < 4 ? Status::pin_invalid : Status::pin_blocked,
                  i < 4 ? "wrong PIN, " + std::to_string(4 - i) : "no tries are left; only a reset helps");
  }
}

TEST_CASE_FIXTURE(Bench, "what time and the user decide is explained") {
  clock.advance(seconds{12});
  check_refused(send(0x07), Status::not_allowed,
                "the ten seconds after power-up for a reset are over (12 s)");
  user.answers = {UserAnswer::denied, UserAnswer::timed_out};
  check_refused(send(0x0B), Status::operation_denied, "the user said no");
  check_refused(send(0x0B), Status::user_action_timeout, "did not answer in time");
  std::stop_source stop;
  stop.request_stop();
  check_refused(send_bytes(1, {0x0B}, stop.get_token()), Status::keepalive_cancel, "the host cancelled");
  check_refused(send(0x01, with(with(Bench::registration("u", false), 8, Bytes{}), 9, 2)),
                Status::pin_not_set, "only asks for a PIN: none is set");
}

TEST_CASE_FIXTURE(Bench, "an excluded credential's refusal names the relying party") {
  const auto made = send(0x01, Bench::registration("u", true));
  REQUIRE(made.status == Status::ok);
  const auto& data = *made[2].as<Bytes>();
  const Bytes id{data.begin() + 55, data.begin() + 55 + 32};
  check_refused(send(0x01, with(Bench::registration("v", true), 5, Array{descriptor(id)})),
                Status::credential_excluded, "a credential of excludeList is of this key and example.com");
}

TEST_CASE("alwaysUv and built-in verification explain what they want") {
  KeyConfig always;
  always.always_uv = true;
  Bench key{always};
  check_refused(key.send(0x02, Bench::login()), Status::puat_required, "alwaysUv is on");

  KeyConfig prompt;
  prompt.built_in_uv = BuiltInUvKind::prompt;
  Bench verifying{prompt};
  verifying.user.otherwise = UserAnswer::not_verified;
  check_refused(verifying.send(0x02, with(Bench::login(), 5, Map{{"uv", true}})), Status::operation_denied,
                "it is not the right person; there is no PIN to ask for");
  check_refused(verifying.send(0x02, with(Bench::login(), 5, Map{{"uv", true}})), Status::operation_denied,
                "no try is left");
}

/// Status word and why of an APDU's answer.
std::pair<unsigned, std::string> apdu(Bench& bench, const Bytes& bytes) {
  std::string why;
  const auto answer = bench.key.process_apdu(
      bytes,
      {.channel = 1, .stop = {}, .on_waiting = {}, .on_refusal = [&](std::string_view text) { why = text; }});
  REQUIRE(answer.size() >= 2);
  const unsigned word = unsigned{answer[answer.size() - 2]} << 8U | answer.back();
  CHECK(why.empty() == (word == 0x9000));
  return {word, why};
}

TEST_CASE_FIXTURE(Bench, "U2F's status words are explained") {
  const auto check = [&](const Bytes& bytes, unsigned word, const char* because) {
    const auto [found, why] = apdu(*this, bytes);
    CAPTURE(because);
    CAPTURE(why);
    CHECK(found == word);
    CHECK(why.find(because) != std::string::npos);
  };
  CHECK(apdu(*this, {0, 3, 0, 0}).first == 0x9000);
  check({0, 3, 0}, 0x6700, "shorter than its header");
  check({0, 3, 0, 0, 5, 1}, 0x6700, "does not fit the bytes behind it");
  check({0, 3, 0, 0, 1, 1}, 0x6700, "U2F_VERSION takes no data");
  check({0x80, 3, 0, 0}, 0x6E00, "class byte");
  check({0, 9, 0, 0}, 0x6D00, "no U2F instruction 9");
  check({0, 1, 0, 0, 1, 1}, 0x6700, "U2F_REGISTER has 1 bytes of data");
  Bytes authenticate{0, 2, 7, 0, 65 + 20};
  authenticate.resize(5 + 64, 1);
  authenticate.push_back(20);
  authenticate.resize(5 + 65 + 20, 2);
  check(authenticate, 0x6A80, "not of this key and application");
  authenticate[2] = 9;
  check(authenticate, 0x6A86, "the control byte is 9");
  user.otherwise = UserAnswer::denied;
  Bytes reg{0, 1, 0, 0, 64};
  reg.resize(5 + 64, 1);
  check(reg, 0x6985, "has not touched the key yet");
}

}  // namespace refusals_test
