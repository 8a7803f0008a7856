#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "control/trace.h"

namespace trace_file_test {

using namespace fauxkey;
using namespace std::chrono_literals;
using control::Json;
using control::Trace;
using ctaphid::Direction;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "fauxkey-trace-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path path;
};

std::vector<Json> lines_of(const std::filesystem::path& path) {
  std::vector<Json> lines;
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
  return lines;
}

TEST_CASE("a trace file holds one object for each packet and message, in order, for its owner alone") {
  const TemporaryFolder folder;
  const auto file = folder.path / "trace.jsonl";
  std::ofstream{file} << "an older trace\n";
  std::filesystem::permissions(file, std::filesystem::perms{0644});
  {
    Trace trace{file};
    const auto one = trace.observer("/dev/hidraw3");
    const auto two = trace.observer("unix:/tmp/socket");
    one.packet(Direction::in, transport::Report{0xFF, 0xFF, 0xFF, 0xFF, 0x86, 0, 8});
    one.message(Direction::in, 0xFFFFFFFF, 0x06, Bytes(8));
    one.message(Direction::in, 7, 0x10, Bytes{0x04});
    two.message(Direction::in, 7, 0x10, Bytes{0x07});
    one.message(Direction::out, 7, 0x10, Bytes{0x00});
  }
  const auto lines = lines_of(file);
  REQUIRE(lines.size() == 5);
  CHECK(lines[0]["command"] == "CTAPHID_INIT");
  CHECK(lines[0]["kind"] == "packet");
  CHECK(lines[0]["device"] == "/dev/hidraw3");
  CHECK(lines[1]["kind"] == "message");
  CHECK(lines[2]["command"] == "getInfo");
  CHECK(lines[3]["device"] == "unix:/tmp/socket");
  CHECK(lines[4]["command"] == "getInfo");
  CHECK(lines[0]["t"].get<double>() >= 0.0);
  CHECK(lines[4]["t"].get<double>() >= lines[0]["t"].get<double>());
  struct stat status{};
  REQUIRE(stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("the answer that refuses says why, and no other line") {
  const TemporaryFolder folder;
  const auto file = folder.path / "trace.jsonl";
  {
    Trace trace{file};
    const auto one = trace.observer("one");
    const auto two = trace.observer("two");
    one.message(Direction::in, 7, 0x10, Bytes{0x07});
    one.refusal(7, "the ten seconds are over \"12 s\"");
    two.message(Direction::out, 7, 0x10, Bytes{0x00});
    one.message(Direction::out, 7, 0x10, Bytes{0x30});
    one.message(Direction::out, 7, 0x10, Bytes{0x00});
  }
  const auto lines = lines_of(file);
  REQUIRE(lines.size() == 4);
  for (const std::size_t i : {0U, 1U, 3U}) CHECK_FALSE(lines[i].contains("why"));
  CHECK(lines[2]["statusName"] == "NOT_ALLOWED");
  CHECK(lines[2]["why"] == "the ten seconds are over \"12 s\"");
}

TEST_CASE("a reader sees a traced message while the trace goes on") {
  const TemporaryFolder folder;
  const auto file = folder.path / "trace.jsonl";
  Trace trace{file};
  trace.observer("uhid").message(Direction::in, 1, 0x10, Bytes{0x04});
  const auto give_up = std::chrono::steady_clock::now() + 5s;
  while (std::filesystem::file_size(file) == 0 && std::chrono::steady_clock::now() < give_up)
    std::this_thread::sleep_for(5ms);
  CHECK(lines_of(file).size() == 1);
}

TEST_CASE("what a trace cannot keep up with is counted, not kept waiting") {
  const TemporaryFolder folder;
  const auto pipe_path = folder.path / "pipe";
  REQUIRE(mkfifo(pipe_path.c_str(), 0600) == 0);
  constexpr std::size_t kMessages = 2000;
  std::size_t written = 0;
  std::size_t dropped = 0;
  // A reader that begins late: meanwhile the writer is blocked, with the pipe full.
  std::promise<void> all_told;
  std::jthread reader{[&] {
    std::ifstream file{pipe_path};
    all_told.get_future().wait();
    for (std::string line; std::getline(file, line);) {
      const auto json = Json::parse(line);
      if (json.contains("dropped"))
        dropped += json["dropped"].get<std::size_t>();
      else
        ++written;
    }
  }};
  {
    Trace trace{pipe_path};
    const auto observer = trace.observer("uhid");
    for (std::size_t i = 0; i < kMessages; ++i) observer.message(Direction::in, 1, 0x01, Bytes(7609, 0));
    all_told.set_value();
  }
  reader.join();
  CHECK(dropped > 0);
  CHECK(written + dropped == kMessages);
}

TEST_CASE("a trace that cannot be begun says what to do") {
  CHECK_THROWS_WITH_AS(Trace{"/nonexistent/trace.jsonl"}, doctest::Contains("give --trace a file"),
                       std::runtime_error);
}

}  // namespace trace_file_test
