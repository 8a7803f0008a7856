// What needs a clock that stands still or a user who is scripted; everything else that a client notices is
// tested in tests/ctap through the real program.
#include <doctest/doctest.h>

#include <chrono>

#include "platform.h"

namespace virtual_key_test {

using namespace fauxkey;
using std::chrono::seconds;
using test::Bench;
using test::flags_of;

constexpr std::uint8_t kUp = 0x01;
constexpr std::uint8_t kUv = 0x04;

TEST_CASE_FIXTURE(Bench, "getNextAssertion is allowed for 30 s after the last answer and no longer") {
  for (const char* user_id : {"a", "b", "c"}) {
    REQUIRE(send(0x01, registration(user_id, true)).status == Status::ok);
  }
  const auto first = send(0x02, login());
  REQUIRE(first.status == Status::ok);
  CHECK(first[5] == cbor::Value{3});
  clock.advance(seconds{30});
  CHECK(send(0x08).status == Status::ok);
  clock.advance(seconds{31});
  CHECK(send(0x08).status == Status::not_allowed);
}

TEST_CASE_FIXTURE(Bench, "getNextAssertion answers the channel that asked, the newest credential first") {
  for (const char* user_id : {"a", "b"})
    REQUIRE(send(0x01, registration(user_id, true)).status == Status::ok);
  const auto first = send_on(1, 0x02, login());
  CHECK(*cbor::find(*first[4].as<cbor::Map>(), "id") == cbor::Value{Bytes{'b'}});
  CHECK(send_on(2, 0x08).status == Status::not_allowed);
  const auto second = send_on(1, 0x08);
  REQUIRE(second.status == Status::ok);
  CHECK(*cbor::find(*second[4].as<cbor::Map>(), "id") == cbor::Value{Bytes{'a'}});
  CHECK(send_on(1, 0x08).status == Status::not_allowed);
}

TEST_CASE_FIXTURE(Bench, "any other command ends the sequence of getNextAssertion on its channel alone") {
  for (const char* user_id : {"a", "b"})
    REQUIRE(send(0x01, registration(user_id, true)).status == Status::ok);
  REQUIRE(send_on(1, 0x02, login()).status == Status::ok);
  REQUIRE(send_on(2, 0x04).status == Status::ok);
  CHECK(send_on(1, 0x08).status == Status::ok);
  REQUIRE(send_on(1, 0x02, login()).status == Status::ok);
  REQUIRE(send_on(1, 0x04).status == Status::ok);
  CHECK(send_on(1, 0x08).status == Status::not_allowed);
}

TEST_CASE_FIXTURE(Bench,
                  "reset is allowed in the first ten seconds after power-up, with the user's consent") {
  REQUIRE(send(0x01, registration("a", true)).status == Status::ok);
  clock.advance(seconds{11});
  CHECK(send(0x07).status == Status::not_allowed);
  key.power_cycle();
  user.answers = {UserAnswer::denied, UserAnswer::timed_out};
  CHECK(send(0x07).status == Status::operation_denied);
  CHECK(send(0x07).status == Status::user_action_timeout);
  CHECK(send(0x02, login()).status == Status::ok);
  key.power_cycle();
  CHECK(send(0x07).status == Status::ok);
  CHECK(send(0x02, login()).status == Status::no_credentials);
}

TEST_CASE_FIXTURE(Bench, "reset makes wrapped credentials void and takes the PIN away") {
  const auto made = send(0x01, registration("a", false));
  REQUIRE(made.status == Status::ok);
  const auto& auth_data = *made[2].as<Bytes>();
  const std::size_t size = static_cast<std::size_t>(auth_data[53] << 8 | auth_data[54]);
  const Bytes id{auth_data.begin() + 55, auth_data.begin() + 55 + static_cast<std::ptrdiff_t>(size)};
  auto by_id = login();
  by_id.emplace_back(3, cbor::Array{cbor::Map{{"id", id}, {"type", "public-key"}}});
  REQUIRE(send(0x02, by_id).status == Status::ok);
  REQUIRE(set_pin("1234").status == Status::ok);
  REQUIRE(send(0x07).status == Status::ok);
  CHECK(send(0x02, by_id).status == Status::no_credentials);
  CHECK(set_pin("5678").status == Status::ok);
}

TEST_CASE_FIXTURE(Bench, "a token lasts 30 s unused and ten minutes used, and ends with a power cycle") {
  REQUIRE(set_pin("1234").status == Status::ok);
  SecretBytes token;
  REQUIRE(get_token("1234", 0x02 | 0x01, token) == Status::ok);
  clock.advance(seconds{31});
  CHECK(send(0x01, with_token(registration("a", true), token, 8)).status == Status::pin_auth_invalid);

  REQUIRE(get_token("1234", 0x01, token) == Status::ok);
  const auto made = send(0x01, with_token(registration("a", true), token, 8));
  REQUIRE(made.status == Status::ok);
  CHECK((flags_of(made) & (kUp | kUv)) == (kUp | kUv));
  // The user's consent covered that one operation.
  CHECK(send(0x01, with_token(registration("a", true), token, 8)).status == Status::pin_auth_invalid);

  REQUIRE(get_token("1234", 0x02, token) == Status::ok);
  auto silent = login();
  silent.emplace_back(5, cbor::Map{{"up", false}});
  REQUIRE(send(0x02, with_token(silent, token, 6)).status == Status::ok);
  clock.advance(seconds{570});
  CHECK(send(0x02, with_token(silent, token, 6)).status == Status::ok);
  clock.advance(seconds{31});
  CHECK(send(0x02, with_token(silent, token, 6)).status == Status::pin_auth_invalid);

  REQUIRE(get_token("1234", 0x02, token) == Status::ok);
  key.power_cycle();
  CHECK(send(0x02, with_token(silent, token, 6)).status == Status::pin_auth_invalid);
}

TEST_CASE_FIXTURE(Bench,
                  "three wrong PINs in a row block PIN entry until a power cycle, eight block the PIN") {
  REQUIRE(set_pin("1234").status == Status::ok);
  SecretBytes token;
  const auto retries = [&] { return *send(0x06, {{2, 1}})[3].as_unsigned(); };
  CHECK(retries() == 8);
  CHECK(get_token("0000", 0x02, token) == Status::pin_invalid);
  CHECK(get_token("0000", 0x02, token) == Status::pin_invalid);
  CHECK(get_token("0000", 0x02, token) == Status::pin_auth_blocked);
  CHECK(get_token("1234", 0x02, token) == Status::pin_auth_blocked);
  CHECK(retries() == 5);
  key.power_cycle();
  CHECK(get_token("0000", 0x02, token) == Status::pin_invalid);
  CHECK(get_token("1234", 0x02, token) == Status::ok);
  CHECK(retries() == 8);
  for (int block = 0; block < 2; ++block) {
    CHECK(get_token("0000", 0x02, token) == Status::pin_invalid);
    CHECK(get_token("0000", 0x02, token) == Status::pin_invalid);
    CHECK(get_token("0000", 0x02, token) == Status::pin_auth_blocked);
    key.power_cycle();
  }
  CHECK(get_token("0000", 0x02, token) == Status::pin_invalid);
  CHECK(get_token("0000", 0x02, token) == Status::pin_blocked);
  key.power_cycle();
  CHECK(get_token("1234", 0x02, token) == Status::pin_blocked);
  CHECK(retries() == 0);
}

TEST_CASE_FIXTURE(Bench, "the prompt names the operation, the relying party and the account") {
  REQUIRE(send(0x01, registration("alice", true)).status == Status::ok);
  REQUIRE(send(0x02, login()).status == Status::ok);
  REQUIRE(user.prompts.size() == 2);
  CHECK(user.prompts[0].operation == Operation::make_credential);
  CHECK(user.prompts[0].rp_id == "example.com");
  CHECK(user.prompts[0].account == "alice");
  CHECK(user.prompts[1].operation == Operation::get_assertion);
  CHECK(user.prompts[1].account == "alice");
}

TEST_CASE_FIXTURE(Bench, "a command that waits for the user tells so while it waits") {
  std::vector<Waiting> seen;
  const Bytes message{0x0B};
  const auto answer = key.process_cbor(
      message, {.channel = 1, .stop = {}, .on_waiting = [&](Waiting waiting) { seen.push_back(waiting); }});
  CHECK(answer == Bytes{0x00});
  CHECK(seen == std::vector{Waiting::user_presence, Waiting::processing});
}

TEST_CASE_FIXTURE(Bench, "a PIN given at the start obeys the rules for PINs") {
  const auto bytes = [](std::string_view text) { return Bytes{text.begin(), text.end()}; };
  CHECK_THROWS_AS(key.set_pin(bytes("123")), std::invalid_argument);
  CHECK_THROWS_AS(key.set_pin(Bytes(64, '1')), std::invalid_argument);
  CHECK_THROWS_AS(key.set_pin(bytes("\xff\xff\xff\xff")), std::invalid_argument);
  key.set_pin(bytes("12\u00e4\u20ac"));
  CHECK_THROWS_AS(key.set_pin(bytes("1234")), std::invalid_argument);
}

}  // namespace virtual_key_test
