// Built-in user verification's tries, with a user who is not always the right one.
#include "platform.h"

namespace built_in_uv_test {

using namespace fauxkey;
using namespace fauxkey::test;

namespace {

struct UvBench : Bench {
  UvBench() : Bench{KeyConfig{.built_in_uv = BuiltInUvKind::prompt}} {}

  std::uint64_t uv_retries() { return *send(0x06, {{2, 7}})[5].as_unsigned(); }
  Status register_with_uv() {
    auto request = registration("alice", false);
    request.back() = {7, cbor::Map{{"uv", true}}};
    return send(0x01, request).status;
  }
  /// getPinUvAuthTokenUsingUvWithPermissions
  Status token_by_uv() {
    return send(0x06, {{1, 2}, {2, 6}, {3, agree().cose}, {9, 1}, {10, "example.com"}}).status;
  }
  void answer(int times, UserAnswer answer) {
    for (int i = 0; i < times; ++i) user.answers.push_back(answer);
  }
};

}  // namespace

TEST_CASE_FIXTURE(UvBench, "a wrong user costs tries, and the right one gives them back") {
  CHECK(uv_retries() == 5);
  answer(2, UserAnswer::not_verified);
  CHECK(register_with_uv() == Status::ok);  // the third try of the same request
  CHECK(uv_retries() == 5);
  answer(1, UserAnswer::not_verified);
  CHECK(token_by_uv() == Status::uv_invalid);
  CHECK(uv_retries() == 4);
}

TEST_CASE_FIXTURE(UvBench, "who says nothing or refuses costs no try") {
  answer(1, UserAnswer::denied);
  CHECK(register_with_uv() == Status::operation_denied);
  answer(1, UserAnswer::timed_out);
  CHECK(register_with_uv() == Status::user_action_timeout);
  CHECK(uv_retries() == 5);
}

TEST_CASE_FIXTURE(UvBench, "without tries verification is blocked, until the PIN is given") {
  answer(5, UserAnswer::not_verified);
  CHECK(register_with_uv() == Status::operation_denied);  // no PIN to fall back to
  CHECK(register_with_uv() == Status::operation_denied);
  CHECK(uv_retries() == 0);
  CHECK(token_by_uv() == Status::uv_blocked);
  key.power_cycle();
  CHECK(token_by_uv() == Status::uv_blocked);
  REQUIRE(set_pin("1234").status == Status::ok);
  CHECK(register_with_uv() == Status::puat_required);
  SecretBytes token;
  REQUIRE(get_token("1234", 1, token) == Status::ok);
  CHECK(uv_retries() == 5);
  CHECK(register_with_uv() == Status::ok);
}

}  // namespace built_in_uv_test
