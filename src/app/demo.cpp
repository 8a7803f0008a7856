#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>

#include "app/commands.h"
#include "app/error.h"

namespace fauxkey::app {
namespace {

namespace fs = std::filesystem;

/// tools/demo/serve of the source tree that this program was built in: build folders lie in it, up to three
/// deep.
std::optional<fs::path> find_demo() {
  std::error_code failed;
  fs::path folder = fs::read_symlink("/proc/self/exe", failed).parent_path();
  for (int i = 0; i < 4 && !failed && folder.has_relative_path(); ++i, folder = folder.parent_path()) {
    if (auto demo = folder / "tools/demo/serve"; ::access(demo.c_str(), X_OK) == 0) return demo;
  }
  return {};
}

int serve(const std::vector<std::string>& arguments) {
  const auto demo = find_demo();
  if (!demo) {
    throw Failure{
        "The demo site is not installed with the program: run fauxkey demo from a build folder of fauxkey's "
        "sources, or "
        "tools/demo/serve there."};
  }
  std::vector<std::string> words{demo->string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execv(demo->c_str(), pointers.data());
  throw Failure{demo->string() + " could not be started (" + std::strerror(errno) + "): try it by hand."};
}

}  // namespace

void add_demo(CLI::App& program, Action& action) {
  auto& demo = *program.add_subcommand(
      "demo",
      "Serve a small site to register and log in at (arguments go to it, see tools/demo/serve --help)");
  demo.prefix_command();
  demo.callback([&demo, &action] {
    action = [&demo] {
      auto arguments = demo.remaining();
      if (!arguments.empty() && arguments.front() == "--") arguments.erase(arguments.begin());
      return serve(arguments);
    };
  });
}

}  // namespace fauxkey::app
