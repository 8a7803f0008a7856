#include "app/doctor/machine.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>

#include "transport/file_descriptor.h"

namespace fauxkey::app::doctor {
namespace {

namespace fs = std::filesystem;
using transport::FileDescriptor;

constexpr int kPatienceMs = 3000;

std::string read_from(const fs::path& path, std::size_t most, bool its_end) {
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (!file) return {};
  struct stat status{};
  if (its_end && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
      status.st_size > static_cast<off_t>(most))
    ::lseek(file.get(), status.st_size - static_cast<off_t>(most), SEEK_SET);
  std::string text;
  std::array<char, 16384> chunk{};
  while (text.size() < most) {
    const ssize_t size = ::read(file.get(), chunk.data(), chunk.size());
    // The kernel's log says so where it was overwritten meanwhile, and gives the next record then.
    if (size < 0 && (errno == EINTR || errno == EPIPE)) continue;
    if (size <= 0) break;
    text.append(chunk.data(), std::min(static_cast<std::size_t>(size), most - text.size()));
  }
  return text;
}

int open_and_close(const std::string& path) {
  const FileDescriptor device{::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  return device ? 0 : errno;
}

/// Its output until it closes that; what takes too long is ended.
std::optional<Ran> run_program_of_path(const std::vector<std::string>& words) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  const FileDescriptor reading{ends[0]};
  FileDescriptor writing{ends[1]};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<std::string> copies = words;
  std::vector<char*> arguments;
  arguments.reserve(copies.size() + 1);
  for (auto& word : copies) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = -1;
  const int failed = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return {};
  writing.reset();

  constexpr std::size_t kMost = 65536;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{kPatienceMs};
  const auto left = [&] {
    const auto time =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    return static_cast<int>(std::max<std::int64_t>(time.count(), 0));
  };
  Ran ran;
  std::array<char, 4096> chunk{};
  bool whole = false;
  while (ran.output.size() < kMost) {
    pollfd readable{.fd = reading.get(), .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, left()) <= 0) break;
    const ssize_t size = ::read(reading.get(), chunk.data(), chunk.size());
    whole = size == 0;
    if (size <= 0) break;
    ran.output.append(chunk.data(), static_cast<std::size_t>(size));
  }
  int status = 0;
  if (!whole) ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  if (!whole || !WIFEXITED(status)) return {};
  ran.status = WEXITSTATUS(status);
  return ran;
}

bool kernel_clock_is_synchronised() {
  timex state{};
  return ::adjtimex(&state) != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

bool kernel_random_is_ready() {
  std::array<unsigned char, 1> byte{};
  return ::getrandom(byte.data(), byte.size(), GRND_NONBLOCK) >= 0 || errno != EAGAIN;
}

}  // namespace

fs::path Machine::at(std::string_view path) const { return root / path.substr(1); }

bool Machine::has(std::string_view path) const {
  std::error_code ignored;
  return fs::exists(at(path), ignored);
}

std::optional<fs::path> Machine::store_path() const {
  try {
    return fs::absolute(store.path());
  } catch (const std::exception&) {
    return {};
  }
}

std::string Machine::read(std::string_view path, std::size_t most) const {
  return read_from(at(path), most, false);
}

std::string Machine::read_end(std::string_view path, std::size_t most) const {
  return read_from(at(path), most, true);
}

std::string Machine::read_line(std::string_view path) const {
  const std::string text = read(path, 4096);
  const auto line = text.substr(0, text.find('\n'));
  const auto begin = line.find_first_not_of(" \t");
  if (begin == std::string::npos) return {};
  return line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

std::vector<std::string> Machine::list(std::string_view folder) const {
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator entry{at(folder), failed}, end; !failed && entry != end;
       entry.increment(failed))
    names.push_back(entry->path().filename().string());
  std::ranges::sort(names);
  return names;
}

std::vector<Process> Machine::processes() const {
  std::vector<Process> found;
  for (const auto& name : list("/proc")) {
    Process process;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), process.id);
    if (error != std::errc{} || end != name.data() + name.size()) continue;
    process.name = read_line("/proc/" + name + "/comm");
    std::string words = read("/proc/" + name + "/cmdline", 65536);
    while (!words.empty()) {
      const auto size = std::min(words.find('\0'), words.size());
      process.words.push_back(words.substr(0, size));
      words.erase(0, size + 1);
    }
    found.push_back(std::move(process));
  }
  return found;
}

bool Machine::is_capable(unsigned capability) const {
  for (const auto& line : lines_of(read("/proc/self/status"))) {
    if (!line.starts_with("CapEff:")) continue;
    const auto begin = line.find_first_not_of(" \t", 7);
    if (begin == std::string::npos) return false;
    std::uint64_t bits = 0;
    std::from_chars(line.data() + begin, line.data() + line.size(), bits, 16);
    return (bits >> capability & 1U) != 0;
  }
  return false;
}

std::optional<std::uint64_t> Machine::limit(std::string_view process, std::string_view name) const {
  for (const auto& line : lines_of(read("/proc/" + std::string{process} + "/limits"))) {
    if (!line.starts_with(name)) continue;
    const auto begin = line.find_first_not_of(' ', name.size());
    if (begin == std::string::npos) return {};
    if (line.substr(begin).starts_with("unlimited")) return std::numeric_limits<std::uint64_t>::max();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(line.data() + begin, line.data() + line.size(), value);
    if (error != std::errc{}) return {};
    return value;
  }
  return {};
}

bool Machine::in_container() const {
  return has("/.dockerenv") || has("/run/.containerenv") || has("/run/systemd/container") ||
         variable("container").has_value();
}

std::optional<std::string> Machine::find_program(std::string_view name) const {
  const auto is_program = [&](const std::string& path) { return ::access(at(path).c_str(), X_OK) == 0; };
  if (name.starts_with('/'))
    return is_program(std::string{name}) ? std::optional{std::string{name}} : std::nullopt;
  std::string folders = variable("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  while (!folders.empty()) {
    const auto size = std::min(folders.find(':'), folders.size());
    auto path = folders.substr(0, size) + "/" + std::string{name};
    if (path.starts_with('/') && is_program(path)) return path;
    folders.erase(0, size + 1);
  }
  return {};
}

std::string Machine::command(std::string_view text) const {
  constexpr std::string_view kMark = "SUDO ";
  std::string whole{text};
  for (auto found = whole.find(kMark); found != std::string::npos; found = whole.find(kMark, found))
    whole.replace(found, kMark.size(), is_root() ? "" : "sudo ");
  return whole;
}

Machine this_machine(const StoreOptions& store) {
  Machine machine;
  machine.store = store;
  machine.user = ::geteuid();
  const auto* const entry = ::getpwuid(machine.user);
  machine.user_name = entry != nullptr ? entry->pw_name : std::to_string(machine.user);
  const int count = ::getgroups(0, nullptr);
  machine.groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  if (::getgroups(count, machine.groups.data()) < 0) machine.groups.clear();
  machine.groups.push_back(::getegid());
  utsname kernel{};
  if (::uname(&kernel) == 0) machine.kernel = std::begin(kernel.release);
  machine.now = std::time(nullptr);
  struct stat program{};
  if (::stat("/proc/self/exe", &program) == 0) machine.program_date = program.st_mtim.tv_sec;
  machine.clock_synchronised = kernel_clock_is_synchronised();
  machine.random_ready = kernel_random_is_ready();
  machine.has_terminal = bool{FileDescriptor{::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)}};
  machine.variable = [](const char* name) -> std::optional<std::string> {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') return {};
    return value;
  };
  machine.open_device = open_and_close;
  machine.probe = [](const std::string& node) { return app::probe(node); };
  machine.run = run_program_of_path;
  return machine;
}

std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=.,:/@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'')
      word += "'\\''";
    else
      word += c;
  }
  return word + "'";
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto size = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, size));
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  return lines;
}

}  // namespace fauxkey::app::doctor
