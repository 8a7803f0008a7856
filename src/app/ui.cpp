// `fauxkey ui`: the inspector of the running daemon, in a browser.
#include <fcntl.h>
#include <spawn.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <optional>

#include "app/commands.h"
#include "app/error.h"
#include "app/inspector_relay.h"
#include "app/process.h"
#include "app/text.h"
#include "base/environment.h"

namespace fauxkey::app {
namespace {

struct UiOptions {
  std::string control;
  std::string listen = "127.0.0.1:0";
  bool no_open = false;
  bool debug = false;
};

/// By the desktop's own choice of a browser. Without a desktop that may be one that takes the terminal.
bool open_in_browser(const std::string& url) {
  if (!has_display()) return false;
  std::string program = "xdg-open";
  std::string address = url;
  const std::array<char*, 3> arguments{program.data(), address.data(), nullptr};
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
  // A browser that is started by it outlives us, and is none the worse for our Ctrl-C.
  sigset_t none{};
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, program.c_str(), &files, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  return error == 0;
}

int ui(const UiOptions& options) {
  if (!options.debug) protect_memory();
  (void)find_daemon(options.control);  // or else it is better said here than in a page
  const EndSignals signals;
  std::optional<InspectorRelay> relay;
  try {
    relay.emplace(options.listen, options.control);
  } catch (const std::invalid_argument& error) {
    throw UsageError{"--listen: " + std::string{error.what()}};
  }
  std::cout << "inspector: " << relay->page() << '\n' << std::flush;
  finish_output();
  if (options.no_open || !open_in_browser(relay->page()))
    spdlog::info("Open this address in a browser of this machine.");
  spdlog::info("The page works until this ends (Ctrl-C).");
  spdlog::info("Ending, by {}.", signals.wait());
  return kDone;
}

}  // namespace

void add_ui(CLI::App& program, Action& action) {
  auto& command = *program.add_subcommand("ui", "The inspector: the running daemon's keys in a browser");
  const auto options = std::make_shared<UiOptions>();
  command
      .add_option("--control", options->control,
                  "Where the daemon's control interface is: unix:PATH or 127.0.0.1:PORT (default: found)")
      ->type_name("ADDRESS");
  command.add_option("--listen", options->listen, "Where the page is (default: 127.0.0.1:0, any free port)")
      ->type_name("127.0.0.1:PORT");
  command.add_flag("--no-open", options->no_open, "Print the page's address and open no browser");
  command.add_flag("--debug", options->debug, "Allow core dumps and debuggers, which can then see secrets");
  command.callback([&action, options] { action = [options] { return ui(*options); }; });
}

}  // namespace fauxkey::app
