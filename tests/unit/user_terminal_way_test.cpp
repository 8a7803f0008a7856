#include "user/terminal_way.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <future>
#include <string>
#include <thread>

#include "user/policy_gates.h"
#include "user/prompt_text.h"
#include "user/prompter.h"

namespace user_terminal_way_test {

using namespace fauxkey;
using namespace std::chrono_literals;
using user::TerminalWay;

/// A terminal and the person before it.
class Terminal {
 public:
  Terminal() {
    REQUIRE(openpty(&person_, &program_, nullptr, nullptr, nullptr) == 0);
    fcntl(person_, F_SETFL, O_NONBLOCK);
  }
  ~Terminal() {
    hang_up();
    close(program_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] int for_program() const { return dup(program_); }
  void type(std::string_view keys) const { REQUIRE(write(person_, keys.data(), keys.size()) > 0); }
  /// What stands on the screen once `text` does; all there is after five seconds otherwise.
  const std::string& screen_with(std::string_view text) {
    const auto give_up = std::chrono::steady_clock::now() + 5s;
    while (screen_.find(text) == std::string::npos && std::chrono::steady_clock::now() < give_up) {
      pollfd polled{person_, POLLIN, 0};
      poll(&polled, 1, 50);
      std::array<char, 1024> buffer{};
      const auto size = read(person_, buffer.data(), buffer.size());
      if (size > 0) screen_.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return screen_;
  }
  [[nodiscard]] bool echoes_lines() const {
    termios mode{};
    tcgetattr(program_, &mode);
    return (mode.c_lflag & ICANON) != 0 && (mode.c_lflag & ECHO) != 0;
  }
  void hang_up() {
    if (person_ >= 0) close(person_);
    person_ = -1;
  }

 private:
  int person_ = -1;
  int program_ = -1;
  std::string screen_;
};

/// A prompter that knows this terminal alone.
std::vector<std::unique_ptr<user::Way>> at_terminal(int input, int output) {
  std::vector<std::unique_ptr<user::Way>> ways;
  ways.push_back(std::make_unique<TerminalWay>(input, output));
  return ways;
}

struct Asked {
  explicit Asked(Prompt prompt = {Operation::get_assertion, "example.com", "alice"},
                 Clock::Duration time = 30s)
      : prompter{at_terminal(terminal.for_program(), terminal.for_program())},
        gate{prompter, "main", clock},
        answer{std::async(std::launch::async, [=, this] {
          return gate.confirm_presence(prompt, stop.get_token(), clock.now() + time);
        })} {}
  explicit Asked(Clock::Duration time) : Asked{{Operation::get_assertion, "example.com", "alice"}, time} {}
  ~Asked() { stop.request_stop(); }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  [[nodiscard]] bool open() const { return answer.wait_for(150ms) == std::future_status::timeout; }

  SystemClock clock;
  Terminal terminal;
  std::stop_source stop;
  user::Prompter prompter;
  user::PersonGate gate;
  std::future<UserAnswer> answer;
};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("y at the terminal approves, n refuses, and its mode is as before") {
  Asked asked;
  SUBCASE("y") {
    const auto& screen = asked.terminal.screen_with("to refuse (30 s left)");
    CHECK(contains(screen, "Log in at example.com as alice? (Key: main)"));
    CHECK(contains(screen, "(30 s left)"));
    asked.terminal.type("y");
    CHECK(asked.answer.get() == UserAnswer::approved);
    CHECK(contains(asked.terminal.screen_with("Approved."), "Approved."));
  }
  SUBCASE("n") {
    asked.terminal.screen_with("left)");
    asked.terminal.type("n");
    CHECK(asked.answer.get() == UserAnswer::denied);
  }
  CHECK(asked.terminal.echoes_lines());
}

TEST_CASE("no key but y and n is an answer") {
  Asked asked;
  asked.terminal.screen_with("left)");
  for (const char* keys : {"\n", " ", "x", "\x1b[A", "yes, I was typing this elsewhere"}) {
    CAPTURE(keys);
    asked.terminal.type(keys);
    CHECK(asked.open());
  }
}

TEST_CASE("what was typed before the question is no answer to it") {
  SystemClock clock;
  Terminal terminal;
  user::Prompter prompter{at_terminal(terminal.for_program(), terminal.for_program())};
  for (const char* keys : {"y", "y\n"}) {
    CAPTURE(keys);
    terminal.type(keys);
    CHECK(prompter.ask("main", {Operation::selection, "", ""}, clock, {}, clock.now() + 200ms) ==
          UserAnswer::timed_out);
  }
}

TEST_CASE("a question counts down and ends when its time is over") {
  Asked asked{2s};
  CHECK(contains(asked.terminal.screen_with("(1 s left)"), "(1 s left)"));
  CHECK(asked.answer.get() == UserAnswer::timed_out);
  CHECK(contains(asked.terminal.screen_with("Not answered"), "Not answered in time."));
  CHECK(asked.terminal.echoes_lines());
}

TEST_CASE("a host's cancel ends a question at once") {
  Asked asked;
  asked.terminal.screen_with("left)");
  const auto before = asked.clock.now();
  asked.stop.request_stop();
  CHECK(asked.answer.get() == UserAnswer::cancelled);
  CHECK(asked.clock.now() - before < 500ms);
  CHECK(contains(asked.terminal.screen_with("Cancelled"), "Cancelled."));
  CHECK(asked.terminal.echoes_lines());
}

TEST_CASE("a terminal that hangs up leaves the question unanswered until its end") {
  Asked asked{Clock::Duration{2s}};
  asked.terminal.screen_with("left)");
  asked.terminal.hang_up();
  CHECK(asked.open());
  SUBCASE("by time") { CHECK(asked.answer.get() == UserAnswer::timed_out); }
  SUBCASE("by cancel") {
    asked.stop.request_stop();
    CHECK(asked.answer.get() == UserAnswer::cancelled);
  }
}

TEST_CASE("keys that share a terminal ask one after the other") {
  Asked asked;
  asked.terminal.screen_with("left)");
  user::PersonGate other{asked.prompter, "work", asked.clock};
  auto second = std::async(std::launch::async, [&] {
    return other.confirm_presence({Operation::reset, "", ""}, asked.stop.get_token(),
                                  asked.clock.now() + 30s);
  });
  CHECK_FALSE(contains(asked.terminal.screen_with(" s left, 1 more waits) "), "ERASE"));
  asked.terminal.type("n");
  CHECK(asked.answer.get() == UserAnswer::denied);
  CHECK(contains(asked.terminal.screen_with("(Key: work)"), "ERASE"));
  asked.terminal.screen_with("(Key: work)\r\n\r\x1b[K  Press y");
  asked.terminal.type("y");
  CHECK(second.get() == UserAnswer::approved);
}

TEST_CASE("a gate on pipes takes a line as the answer") {
  std::array<int, 2> input{};
  std::array<int, 2> output{};
  REQUIRE(pipe(input.data()) == 0);
  REQUIRE(pipe(output.data()) == 0);
  SystemClock clock;
  user::Prompter prompter{at_terminal(input[0], output[1])};
  auto answer = std::async(std::launch::async, [&] {
    return prompter.ask("main", {Operation::make_credential, "example.com", ""}, clock, {},
                        clock.now() + 10s);
  });
  std::string shown;
  while (!contains(shown, "left)")) {
    std::array<char, 256> buffer{};
    const auto size = read(output[0], buffer.data(), buffer.size());
    REQUIRE(size > 0);
    shown.append(buffer.data(), static_cast<std::size_t>(size));
  }
  CHECK_FALSE(contains(shown, "\x1b"));
  REQUIRE(write(input[1], "y\n", 2) == 2);
  CHECK(answer.get() == UserAnswer::approved);
  close(input[1]);
  close(output[0]);
}

TEST_CASE("the gates of a policy answer at once, and a cancelled request is cancelled") {
  user::AutoGate approve;
  user::DenyGate deny;
  std::stop_source stop;
  CHECK(approve.confirm_presence({}, stop.get_token(), {}) == UserAnswer::approved);
  CHECK(deny.confirm_presence({}, stop.get_token(), {}) == UserAnswer::denied);
  stop.request_stop();
  CHECK(approve.confirm_presence({}, stop.get_token(), {}) == UserAnswer::cancelled);
  CHECK(deny.confirm_presence({}, stop.get_token(), {}) == UserAnswer::cancelled);
}

}  // namespace user_terminal_way_test
