#include "base/pinentry.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/wiping.h"

namespace pinentry_test {

using namespace fauxkey;
namespace fs = std::filesystem;
using Outcome = PinentryReply::Outcome;

/// A program that speaks Assuan, or fails to, as a test says.
class Program {
 public:
  explicit Program(const std::string& script) {
    std::string name = fs::temp_directory_path() / "fauxkey-pinentry-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    std::ofstream{path()} << "#!/bin/sh\n" << script << "\n";
    REQUIRE(::chmod(path().c_str(), S_IRWXU) == 0);
  }
  ~Program() { fs::remove_all(folder_); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] std::string path() const { return folder_ / "program"; }
  /// What it wrote to the file "heard" in its folder.
  [[nodiscard]] std::string heard() const {
    std::ifstream file{folder_ / "heard"};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

 private:
  fs::path folder_;
};

/// Greets, says yes to all that comes, and this to CONFIRM.
std::string answering(const std::string& answer) {
  return "echo OK Pleased to meet you\n"
         "while read -r line; do\n"
         "  echo \"$line\" >>\"${0%/*}/heard\"\n"
         "  case $line in CONFIRM) " +
         answer + " ;; *) echo OK ;; esac\ndone";
}

PinentryReply confirmed_by(const std::string& answer, std::size_t longest = 0) {
  const Program program{answering(answer)};
  Pinentry pinentry{program.path()};
  REQUIRE(pinentry.started());
  REQUIRE(pinentry.prepare({}).outcome == Outcome::ok);
  return pinentry.ask("CONFIRM", longest);
}

TEST_CASE("what pinentry answers is a yes, a no, a time-out, or none") {
  CHECK(confirmed_by("echo OK").outcome == Outcome::ok);
  CHECK(confirmed_by("echo 'OK closing connection'").outcome == Outcome::ok);
  CHECK(confirmed_by("echo 'ERR 83886179 Operation cancelled <Pinentry>'").outcome == Outcome::cancelled);
  CHECK(confirmed_by("echo 'ERR 83886194 Not confirmed <Pinentry>'").outcome == Outcome::cancelled);
  CHECK(confirmed_by("echo 'ERR 83886278 Fully cancelled <Pinentry>'").outcome == Outcome::cancelled);
  CHECK(confirmed_by("echo 'ERR 83886142 Timeout <Pinentry>'").outcome == Outcome::timed_out);
  CHECK(confirmed_by("echo 'ERR 83918950 Inappropriate ioctl for device'").outcome == Outcome::refused);
  CHECK(confirmed_by("echo '# a comment'; echo 'S BUTTON_INFO close'; echo OK").outcome == Outcome::ok);
}

TEST_CASE("a hostile pinentry says nothing that counts") {
  // A line that only begins like an answer, or holds one, is none.
  for (const char* answer : {"echo OKAY", "echo ' OK'", "echo 'INQUIRE OK'", "echo", "echo 'ok'", "echo ERR",
                             "printf 'O'; exit", "exit", "printf 'OK\\0\\n'"}) {
    CAPTURE(answer);
    CHECK(confirmed_by(answer).outcome == Outcome::broken);
  }
  for (const char* answer : {"echo 'ERR x'", "echo 'ERR 99999999999999999999'", "echo 'ERR -99'"}) {
    CAPTURE(answer);
    CHECK(confirmed_by(answer).outcome == Outcome::refused);
  }
  CHECK(confirmed_by("echo 'D y'; echo OK").outcome == Outcome::too_long);
  CHECK(confirmed_by("head -c 100000 /dev/zero | tr '\\0' 'D'").outcome == Outcome::broken);
}

TEST_CASE("data is taken out of its escapes, up to its longest") {
  const auto said = [](const std::string& lines, std::size_t longest) {
    return confirmed_by("printf '" + lines + "'", longest);
  };
  const auto reply = said("D 100%%25 p\\nD ss%%0A%%c3%%A4\\nOK\\n", 20);
  REQUIRE(reply.outcome == Outcome::ok);
  CHECK(text_of(reply.data) == "100% pss\n\xc3\xa4");
  CHECK(said("D 12345\\nOK\\n", 4).outcome == Outcome::too_long);
  for (const char* bad : {"D %%\\nOK\\n", "D %%4\\nOK\\n", "D %%zz\\nOK\\n"}) {
    CAPTURE(bad);
    CHECK(said(bad, 20).outcome == Outcome::too_long);
  }
}

TEST_CASE("what a dialog shows cannot become a command, and keeps its characters whole") {
  const Program program{answering("echo OK")};
  {
    Pinentry pinentry{program.path()};
    std::string long_text;
    for (int i = 0; i < 1000; ++i) long_text += "ä";
    REQUIRE(pinentry
                .prepare({.description = "100%\nCONFIRM\r\nBYE",
                          .prompt = {},
                          .error = long_text,
                          .approve = "Approve",
                          .refuse = "Deny",
                          .seconds = 31,
                          .terminal = {}})
                .outcome == Outcome::ok);
  }
  const auto heard = program.heard();
  CHECK(heard.find("SETDESC 100%25%0ACONFIRM%0D%0ABYE\n") != std::string::npos);
  CHECK(heard.find("\nCONFIRM") == std::string::npos);
  CHECK(heard.find("SETOK Approve\nSETCANCEL Deny\nSETTIMEOUT 31\n") != std::string::npos);
  const auto begin = heard.find("SETERROR ") + 9;
  CHECK(heard.find('\n', begin) - begin == 900);
}

TEST_CASE("who waits may give up, and the program ends") {
  SUBCASE("one that says nothing") {
    const Program program{"exec sleep 1000"};
    Pinentry pinentry{program.path(), [](int /*descriptor*/) { return false; }};
    CHECK(pinentry.prepare({}).outcome == Outcome::given_up);
  }
  SUBCASE("one that does not wish to end") {
    const Program program{"trap '' TERM; while :; do sleep 1; done"};
    Pinentry pinentry{program.path(), [](int /*descriptor*/) { return false; }};
    CHECK(pinentry.prepare({}).outcome == Outcome::given_up);
  }
  SUBCASE("one that never stops talking") {
    const Program program{"exec yes '# x'"};
    int looks = 0;
    Pinentry pinentry{program.path(), [&](int /*descriptor*/) { return ++looks < 100; }};
    CHECK(pinentry.prepare({}).outcome == Outcome::given_up);
  }
}

TEST_CASE("a program that is not there is not started") {
  const Pinentry pinentry{"/nonexistent/pinentry"};
  CHECK_FALSE(pinentry.started());
  CHECK_FALSE(is_program("/nonexistent/pinentry"));
  CHECK_FALSE(is_program("no-such-program-anywhere"));
  CHECK(is_program("sh"));
  CHECK(is_program("/bin/sh"));
  CHECK_FALSE(is_program("/bin"));
}

}  // namespace pinentry_test
