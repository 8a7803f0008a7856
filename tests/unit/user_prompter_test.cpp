#include "user/prompter.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace user_prompter_test {

using namespace fauxkey;
using namespace std::chrono_literals;
using user::Prompter;
using user::Question;

/// What a test says of a way, and what the way has seen.
struct Script {
  std::string name = "test";
  std::optional<std::string> obstacle{};
  std::optional<UserAnswer> answer = UserAnswer::approved;
  std::atomic<bool> holds = false;  ///< no answer before it ends
  std::atomic<std::size_t> asked = 0;
  std::atomic<std::size_t> most_others = 0;
  std::vector<std::string> keys{};
};

class TestWay final : public user::Way {
 public:
  explicit TestWay(Script& script) : script_{script} {}
  [[nodiscard]] std::string_view name() const override { return script_.name; }
  [[nodiscard]] std::string_view phrase() const override { return script_.name; }
  [[nodiscard]] std::optional<std::string> obstacle() override { return script_.obstacle; }
  [[nodiscard]] std::optional<UserAnswer> ask(const Question& question) override {
    ++script_.asked;
    script_.keys.emplace_back(question.key);
    while (script_.holds && !question.stop.stop_requested()) {
      script_.most_others = std::max(script_.most_others.load(), question.others());
      std::this_thread::sleep_for(1ms);
    }
    return question.stop.stop_requested() ? UserAnswer::cancelled : script_.answer;
  }

 private:
  Script& script_;
};

template <class... Scripts>
std::vector<std::unique_ptr<user::Way>> ways(Scripts&... scripts) {
  std::vector<std::unique_ptr<user::Way>> made;
  (made.push_back(std::make_unique<TestWay>(scripts)), ...);
  return made;
}

const Prompt kPrompt{Operation::selection, {}, {}};

void wait_for(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + 5s;
  while (!condition() && std::chrono::steady_clock::now() < give_up) std::this_thread::sleep_for(1ms);
  REQUIRE(condition());
}

TEST_CASE("the first way that answers is asked alone") {
  SystemClock clock;
  Script gone{.answer = {}};
  Script there{.answer = UserAnswer::denied};
  Script later{};
  Prompter prompter{ways(gone, there, later)};
  CHECK(prompter.ask("main", kPrompt, clock, {}, clock.now() + 5s) == UserAnswer::denied);
  CHECK(gone.asked == 1);
  CHECK(later.asked == 0);
  // Each question anew: what was not there may have come.
  gone.answer = UserAnswer::approved;
  CHECK(prompter.ask("main", kPrompt, clock, {}, clock.now() + 5s) == UserAnswer::approved);
}

TEST_CASE("the way that a start names is the first without an obstacle") {
  Script first{.name = "first", .obstacle = "no bus"};
  Script second{.name = "second", .obstacle = "no terminal"};
  const Prompter prompter{ways(first, second)};
  CHECK(prompter.first_way() == nullptr);
  CHECK(prompter.obstacles() == "first: no bus; second: no terminal");
  second.obstacle.reset();
  REQUIRE(prompter.first_way() != nullptr);
  CHECK(prompter.first_way()->name() == "second");
}

TEST_CASE("where nobody can be asked a question waits for its end") {
  SystemClock clock;
  Script gone{.answer = {}};
  Prompter prompter{ways(gone)};
  SUBCASE("by time") {
    const auto begun = clock.now();
    CHECK(prompter.ask("main", kPrompt, clock, {}, begun + 100ms) == UserAnswer::timed_out);
    CHECK(clock.now() - begun >= 100ms);
  }
  SUBCASE("by a cancel, or an answer from elsewhere") {
    std::stop_source stop;
    auto answer = std::async(std::launch::async, [&] {
      return prompter.ask("main", kPrompt, clock, stop.get_token(), clock.now() + 30s);
    });
    wait_for([&] { return gone.asked == 1; });
    CHECK(answer.wait_for(50ms) == std::future_status::timeout);
    stop.request_stop();
    CHECK(answer.get() == UserAnswer::cancelled);
  }
}

TEST_CASE("questions are asked one after the other, in their order, and each knows how many wait") {
  SystemClock clock;
  Script way{};
  way.holds = true;
  Prompter prompter{ways(way)};
  const auto ask = [&](const char* key, const std::stop_token& stop) {
    return std::async(std::launch::async,
                      [&, key, stop] { return prompter.ask(key, kPrompt, clock, stop, clock.now() + 30s); });
  };
  std::stop_source impatient;
  auto first = ask("a", {});
  wait_for([&] { return way.asked == 1; });
  auto second = ask("b", impatient.get_token());
  wait_for([&] { return way.most_others == 1; });
  auto third = ask("c", {});
  wait_for([&] { return way.most_others == 2; });
  impatient.request_stop();
  CHECK(second.get() == UserAnswer::cancelled);
  CHECK(way.asked == 1);
  way.holds = false;
  CHECK(first.get() == UserAnswer::approved);
  CHECK(third.get() == UserAnswer::approved);
  CHECK(way.keys == std::vector<std::string>{"a", "c"});
}

TEST_CASE("a question whose time is over while it waits for its turn is not asked") {
  SystemClock clock;
  Script way{};
  way.holds = true;
  Prompter prompter{ways(way)};
  std::stop_source stop;
  auto first = std::async(std::launch::async, [&] {
    return prompter.ask("a", kPrompt, clock, stop.get_token(), clock.now() + 30s);
  });
  wait_for([&] { return way.asked == 1; });
  CHECK(prompter.ask("b", kPrompt, clock, {}, clock.now() + 50ms) == UserAnswer::timed_out);
  CHECK(way.asked == 1);
  stop.request_stop();
  CHECK(first.get() == UserAnswer::cancelled);
}

}  // namespace user_prompter_test
