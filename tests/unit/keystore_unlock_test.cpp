#include <fcntl.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "keystore/unlock_secret.h"
#include "keystore_fixture.h"

namespace keystore_unlock_test {

using namespace fauxkey;
using namespace fauxkey::test;
using keystore::Occasion;
using keystore::read_unlock_secret;

namespace {

struct Variable {
  explicit Variable(const char* variable, const char* value) : name{variable} {
    ::setenv(variable, value, 1);
  }
  ~Variable() { ::unsetenv(name); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  const char* name;
};

StoreResult<keystore::UnlockSecret> read(const std::string& source, Occasion occasion = Occasion::open) {
  SystemRandom random;
  const auto parsed = parse_unlock_source(source);
  REQUIRE(parsed.has_value());
  return read_unlock_secret(*parsed, occasion, random, "keystore.db");
}

std::string text(const StoreResult<keystore::UnlockSecret>& secret) {
  if (!secret) return "error: " + secret.error().message;
  return {reinterpret_cast<const char*>(secret->bytes.data()), secret->bytes.size()};
}

}  // namespace

TEST_CASE("unlock sources: each is read as --unlock documents it") {
  using Kind = UnlockSource::Kind;
  CHECK(*parse_unlock_source("keyfile:/a/b:c") == UnlockSource{Kind::key_file, "/a/b:c", -1});
  CHECK(*parse_unlock_source("env:FAUX_PASS") == UnlockSource{Kind::environment, "FAUX_PASS", -1});
  CHECK(*parse_unlock_source("fd:3") == UnlockSource{Kind::descriptor, "", 3});
  CHECK(*parse_unlock_source("ask") == UnlockSource{Kind::ask, "", -1});
  CHECK(*parse_unlock_source("credential:fauxkey.pass") ==
        UnlockSource{Kind::credential, "fauxkey.pass", -1});
  CHECK(*parse_unlock_source("ask:pinentry") == UnlockSource{Kind::ask, "pinentry", -1});
  for (const char* source : {"keyfile:/a/b:c", "env:FAUX_PASS", "fd:3", "ask", "ask:terminal", "ask:pinentry",
                             "credential:fauxkey.pass"}) {
    CHECK(to_string(*parse_unlock_source(source)) == source);
  }
}

TEST_CASE("unlock sources: a wrong one is refused without repeating it, for it may be a passphrase") {
  for (const std::string& source : std::initializer_list<std::string>{"",
                                                                      "hunter2",
                                                                      "keyfile",
                                                                      "keyfile:",
                                                                      "env:",
                                                                      "env:hunter 2",
                                                                      "env:2x",
                                                                      "fd:",
                                                                      "fd:x",
                                                                      "fd:-1",
                                                                      "fd:3x",
                                                                      "fd:99999999999",
                                                                      "ask:hunter2",
                                                                      "ask:terminal2",
                                                                      "ask:pin",
                                                                      "credential:",
                                                                      "credential:../x",
                                                                      "credential:..",
                                                                      "KEYFILE:/x",
                                                                      ":x"}) {
    INFO(source);
    const auto parsed = parse_unlock_source(source);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().back() == '.');
    CHECK(parsed.error().find("hunter") == std::string::npos);
  }
}

TEST_CASE(
    "unlock sources: a passphrase comes from the environment, a descriptor's first line, a systemd "
    "credential") {
  const TemporaryFolder folder;
  const Variable variable{"FAUXKEY_TEST_PASS", "from the environment"};
  CHECK(text(read("env:FAUXKEY_TEST_PASS")) == "from the environment");

  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  REQUIRE(::write(pipe[1], "first line\nthe next reader's", 28) == 28);
  CHECK(text(read("fd:" + std::to_string(pipe[0]))) == "first line");
  std::array<char, 32> rest{};
  CHECK(::read(pipe[0], rest.data(), rest.size()) == 17);
  ::close(pipe[1]);
  ::close(pipe[0]);

  const Variable credentials{"CREDENTIALS_DIRECTORY", folder.path().c_str()};
  write_file(folder / "pass", view_of("from systemd\n"));
  CHECK(text(read("credential:pass")) == "from systemd");
}

TEST_CASE("unlock sources: what cannot be read gives one sentence with what to do") {
  const TemporaryFolder folder;
  ::unsetenv("CREDENTIALS_DIRECTORY");
  const Variable empty{"FAUXKEY_TEST_EMPTY", ""};
  const std::string long_text(keystore::kMaxPassphrase + 1, 'x');
  const Variable long_one{"FAUXKEY_TEST_LONG", long_text.c_str()};
  for (const std::string& source :
       std::initializer_list<std::string>{"env:FAUXKEY_TEST_UNSET", "env:FAUXKEY_TEST_EMPTY",
                                          "env:FAUXKEY_TEST_LONG", "fd:1000000", "credential:pass"}) {
    INFO(source);
    const auto secret = read(source);
    REQUIRE_FALSE(secret.has_value());
    check_sentence(secret.error());
  }
}

TEST_CASE("unlock sources: a key file is made once, private and random, and never changed") {
  const TemporaryFolder folder;
  const auto path = folder / "config/fauxkey/unlock.key";
  const std::string source = "keyfile:" + path.string();
  const auto missing = read(source, Occasion::open);
  REQUIRE_FALSE(missing.has_value());
  check_sentence(missing.error());
  CHECK_FALSE(std::filesystem::exists(path));

  const auto made = read(source, Occasion::create);
  REQUIRE(made.has_value());
  CHECK(made->bytes.size() == 32);
  namespace fs = std::filesystem;
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(fs::status(path.parent_path()).permissions() == fs::perms::owner_all);
  CHECK(std::distance(fs::directory_iterator{path.parent_path()}, {}) == 1);
  CHECK(text(read(source, Occasion::create)) == text(made));
  CHECK(text(read(source, Occasion::open)) == text(made));

  const auto other = folder / "other.key";
  CHECK(text(read("keyfile:" + other.string(), Occasion::create)) != text(made));
}

TEST_CASE("unlock sources: a key file may be raw or hexadecimal, and nothing else") {
  const TemporaryFolder folder;
  const auto path = folder / "key";
  const std::string source = "keyfile:" + path.string();
  const auto with = [&](std::string_view content) {
    write_file(path, view_of(content));
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    auto secret = read(source, Occasion::create);
    CHECK(read_file(path) == Bytes{view_of(content).begin(), view_of(content).end()});
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return secret;
  };
  const std::string raw = "0123456789abcdef0123456789ABCDEF";
  CHECK(text(with(raw)) == raw);
  std::string hex;
  for (const char c : raw) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02X", static_cast<unsigned>(c));
    hex += digits.data();
  }
  CHECK(text(with(hex)) == raw);
  CHECK(text(with(hex + "\n")) == raw);
  for (const std::string& bad : {std::string{}, raw + "\n", raw + "x", raw.substr(1), hex + "0",
                                 hex.substr(1) + "g", hex + "\n\n", std::string(10'000, 'a')}) {
    INFO(bad.size());
    const auto secret = with(bad);
    REQUIRE_FALSE(secret.has_value());
    check_sentence(secret.error());
  }
}

TEST_CASE("unlock sources: a key file that others can read is refused") {
  const TemporaryFolder folder;
  const auto path = folder / "key";
  write_file(path, Bytes(32, 1));
  ::chmod(path.c_str(), 0640);
  const auto secret = read("keyfile:" + path.string());
  REQUIRE_FALSE(secret.has_value());
  check_sentence(secret.error());
  CHECK(secret.error().message.find("chmod 600") != std::string::npos);
}

TEST_CASE("unlock sources: what is no ordinary file is refused as a key file and not waited for") {
  const TemporaryFolder folder;
  const auto path = folder / "fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  for (const std::string& name : {path.string(), folder.path().string(), std::string{"/dev/null"}}) {
    const auto secret = read("keyfile:" + name, Occasion::create);
    REQUIRE_FALSE(secret.has_value());
    check_sentence(secret.error());
  }
}

namespace {

/// What a process with a terminal of its own gets from `ask` when somebody types `keys` (one prompt each),
/// and what the terminal shows.
struct Typed {
  std::string result;
  std::string shown;
};
Typed type_at_terminal(Occasion occasion, const std::vector<std::string>& keys) {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  REQUIRE(child >= 0);
  if (child == 0) {
    SystemRandom random;
    const auto secret =
        read_unlock_secret({UnlockSource::Kind::ask, "", -1}, occasion, random, "keystore.db");
    const std::string answer = text(secret);
    static_cast<void>(!::write(pipe[1], answer.data(), answer.size()));
    ::_exit(0);
  }
  ::close(pipe[1]);
  Typed typed;
  std::array<char, 256> buffer{};
  const auto show_until = [&](std::size_t prompts) {
    // A prompt ends in ": ".
    const auto count = [&] {
      std::size_t n = 0;
      for (std::size_t at = 0; (at = typed.shown.find(": ", at)) != std::string::npos; ++at) ++n;
      return n;
    };
    while (count() < prompts) {
      const ssize_t got = ::read(terminal, buffer.data(), buffer.size());
      if (got <= 0) return;
      typed.shown.append(buffer.data(), static_cast<std::size_t>(got));
    }
  };
  for (std::size_t i = 0; i < keys.size(); ++i) {
    show_until(i + 1);
    REQUIRE(::write(terminal, keys[i].data(), keys[i].size()) == static_cast<ssize_t>(keys[i].size()));
  }
  for (ssize_t got = 0; (got = ::read(pipe[0], buffer.data(), buffer.size())) > 0;) {
    typed.result.append(buffer.data(), static_cast<std::size_t>(got));
  }
  show_until(1000);  // the rest, until the terminal is closed
  ::close(pipe[0]);
  ::close(terminal);
  ::waitpid(child, nullptr, 0);
  return typed;
}

}  // namespace

TEST_CASE("unlock source ask: the terminal never shows what is typed") {
  const auto typed = type_at_terminal(Occasion::open, {"correct horse\r"});
  CHECK(typed.result == "correct horse");
  CHECK(typed.shown.find("keystore.db") != std::string::npos);
  CHECK(typed.shown.find("horse") == std::string::npos);
}

TEST_CASE("unlock source ask: backspace takes one character, Ctrl-U all, Ctrl-C and Ctrl-D cancel") {
  CHECK(type_at_terminal(Occasion::open, {"a\xc3\xa9\x7f"
                                          "b\n"})
            .result == "ab");
  CHECK(type_at_terminal(Occasion::open, {"\x7fwrong\x15right\n"}).result == "right");
  for (const char* cancel : {"pass\x03", "pass\x04"}) {
    CHECK(type_at_terminal(Occasion::open, {cancel}).result.starts_with("error: No passphrase was given"));
  }
}

TEST_CASE("unlock source ask: a new passphrase is asked for twice and must be the same") {
  CHECK(type_at_terminal(Occasion::create, {"one\n", "one\n"}).result == "one");
  CHECK(type_at_terminal(Occasion::create, {"one\n", "two\n", "three\n", "three\n"}).result == "three");
  CHECK(type_at_terminal(Occasion::create, {"a\n", "b\n", "c\n", "d\n", "e\n", "f\n"})
            .result.starts_with("error: "));
}

}  // namespace keystore_unlock_test
