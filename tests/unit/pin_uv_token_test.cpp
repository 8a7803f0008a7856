#include "ctap/pin_uv_token.h"

#include <doctest/doctest.h>

namespace pin_uv_token_test {

using namespace fauxkey;
using namespace fauxkey::ctap;
using std::chrono::seconds;

struct Fixture {
  ManualClock clock;
  PinUvAuthToken token{clock};
};

TEST_CASE_FIXTURE(Fixture, "a token that is not used within 30 s is over") {
  token.begin_using(false, kGetAssertion, "example.com");
  clock.advance(seconds{30});
  CHECK(token.in_use());
  clock.advance(seconds{1});
  CHECK_FALSE(token.in_use());
  CHECK_FALSE(token.has(kGetAssertion));
}

TEST_CASE_FIXTURE(Fixture, "a token in use is over after ten minutes") {
  token.begin_using(false, kGetAssertion, "example.com");
  token.mark_used();
  clock.advance(seconds{600});
  CHECK(token.in_use());
  clock.advance(seconds{1});
  CHECK_FALSE(token.in_use());
}

TEST_CASE_FIXTURE(Fixture, "a token stands for the user's presence for 30 s at most") {
  token.begin_using(true, kMakeCredential, "example.com");
  token.mark_used();
  CHECK(token.user_present());
  clock.advance(seconds{31});
  CHECK_FALSE(token.user_present());
  CHECK(token.user_verified());
}

TEST_CASE_FIXTURE(Fixture,
                  "one consent uses up a token's flags and all permissions but that to write large blobs") {
  token.begin_using(true, kMakeCredential | kGetAssertion | kLargeBlobWrite, "example.com");
  token.clear_after_presence();
  CHECK_FALSE(token.user_present());
  CHECK_FALSE(token.user_verified());
  CHECK_FALSE(token.has(kMakeCredential));
  CHECK_FALSE(token.has(kGetAssertion));
  CHECK(token.has(kLargeBlobWrite));
}

TEST_CASE_FIXTURE(Fixture, "a token is bound to the first relying party that it is used for") {
  token.begin_using(false, kGetAssertion, std::nullopt);
  CHECK(token.bind_to("example.com"));
  CHECK(token.bind_to("example.com"));
  CHECK_FALSE(token.bind_to("example.org"));
}

}  // namespace pin_uv_token_test
