#include "user/prompt_text.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace user_prompt_text_test {

using namespace fauxkey;
using namespace std::chrono_literals;

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("a question names the operation, the site and the account") {
  using user::question;
  CHECK(question({Operation::make_credential, "example.com", "alice"}) ==
        "Register this key at example.com as alice?");
  CHECK(question({Operation::get_assertion, "example.com", "alice"}) == "Log in at example.com as alice?");
  CHECK(question({Operation::get_assertion, "example.com", ""}) == "Log in at example.com?");
  CHECK(contains(question({Operation::reset, "", ""}), "ERASE"));
  CHECK(question({Operation::get_assertion, "{account}", "{rp}"}) == "Log in at {account} as {rp}?");
}

TEST_CASE("names in a question are escaped and shortened") {
  using user::question;
  const auto shown = [](std::string account) {
    return question({Operation::get_assertion, "x.example", account});
  };
  CHECK(shown("a\x1b[2Jb\r\n") == "Log in at x.example as a\\u{1B}[2Jb\\u{D}\\u{A}?");
  CHECK(shown("\u202Eevil\u2066") == "Log in at x.example as \\u{202E}evil\\u{2066}?");
  CHECK(shown("a\u200Bb\u00A0c\u0085") == "Log in at x.example as a\\u{200B}b\\u{A0}c\\u{85}?");
  CHECK(shown("\U000E0041") == "Log in at x.example as \\u{E0041}?");
  CHECK(shown("\xff\xc0\x80\xe2\x82") == "Log in at x.example as \\xFF\\xC0\\x80\\xE2\\x82?");
  CHECK(shown("\xed\xa0\x80") == "Log in at x.example as \\xED\\xA0\\x80?");
  CHECK(shown("\\u{41}") == "Log in at x.example as \\\\u{41}?");
  CHECK(shown("Zoë Ωmega 東京 🔑") == "Log in at x.example as Zoë Ωmega 東京 🔑?");

  CHECK(shown(std::string(100, 'a')) == "Log in at x.example as " + std::string(63, 'a') + "…?");
  CHECK(question({Operation::get_assertion, std::string(100, 'a') + ".evil.example", ""}) ==
        "Log in at …" + std::string(50, 'a') + ".evil.example?");
  CHECK(shown(std::string(5000, '\n')).size() < 120);
}

TEST_CASE("the time left is in whole seconds that have begun, and says how many questions wait") {
  using user::time_left;
  CHECK(time_left(30s, 0) == "30 s left");
  CHECK(time_left(29'000'001us, 0) == "30 s left");
  CHECK(time_left(1us, 0) == "1 s left");
  CHECK(time_left(5s, 1) == "5 s left, 1 more waits");
  CHECK(time_left(5s, 12) == "5 s left, 12 more wait");
}

TEST_CASE("a key's name is escaped as a site's is") {
  CHECK(user::key_line("main") == "Key: main");
  CHECK(user::key_line("a\nb") == "Key: a\\u{A}b");
}

TEST_CASE("text for a body with markup has no markup of its own") {
  CHECK(user::without_markup("<a href=\"x\">R&D</a> it's") ==
        "&lt;a href=&quot;x&quot;&gt;R&amp;D&lt;/a&gt; it&#39;s");
}

}  // namespace user_prompt_text_test
