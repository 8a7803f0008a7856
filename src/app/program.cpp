#include <sodium.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <iostream>
#include <optional>

#include "app/commands.h"
#include "app/configuration.h"
#include "app/error.h"
#include "app/help.h"
#include "app/process.h"
#include "app/progress.h"
#include "app/text.h"
#include "app/usage_error.h"
#include "base/interrupt.h"
#include "transport/transport.h"

namespace fauxkey::app {
namespace {

constexpr std::array kCommands{add_run,         add_status,   add_approve,     add_deny,
                               add_credentials, add_keystore, add_attestation, add_persona,
                               add_metadata,    add_doctor,   add_demo,        add_replay,
                               add_webdriver,   add_attack,   add_ui,          add_version};

int fail(int status, const std::string& sentence) {
  erase_progress();
  std::cerr << styled(Style::bad, "fauxkey:", STDERR_FILENO) << " " << one_line(sentence) << "\n";
  return status;
}

/// `fauxkey help`, `fauxkey help run`, `fauxkey help attestation root`.
void add_help(CLI::App& program, Action& action) {
  auto& help = *program.add_subcommand("help", "What the program or one of its commands does");
  const auto words = std::make_shared<std::vector<std::string>>();
  help.add_option("command", *words, "The command")->type_name("COMMAND...");
  help.callback([&program, &action, words] {
    action = [&program, words] {
      const CLI::App* topic = &program;
      for (const auto& word : *words) {
        try {
          topic = topic->get_subcommand(word);
        } catch (const CLI::OptionNotFound&) {
          throw UsageError{"There is no command \"" + word + "\": see fauxkey help."};
        }
      }
      std::cout << help_of(*topic, false);
      finish_output();
      return kDone;
    };
  });
}

/// What holds for every command.
struct CommonOptions {
  int verbose = 0;
  bool quiet = false;
  ConfigurationChoice configuration;
};

void add_common_options(CLI::App& program, CommonOptions& options) {
  program.add_flag("-v,--verbose", options.verbose, "Say more of what happens; twice: everything");
  program.add_flag("-q,--quiet", options.quiet, "Say only what went wrong");
  program
      .add_option_function<std::string>(
          "--color",
          [](const std::string& when) {
            choose_colours(when == "always"  ? Colours::always
                           : when == "never" ? Colours::never
                                             : Colours::automatic);
          },
          "Colours: auto (default, on a terminal where NO_COLOR is not set), always, never")
      ->check(CLI::IsMember(std::vector<std::string>{"auto", "always", "never"}))
      ->type_name("WHEN");
  add_configuration_options(program, options.configuration);
}

/// Takes what the configuration file has for the command in use.
std::optional<std::filesystem::path> read_configuration(CLI::App& program,
                                                        const ConfigurationChoice& choice) {
  auto* command = &program;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().back();
  const auto& run = *program.get_subcommand("run");
  auto file = configure(run, *command, choice);
  if (file)
    spdlog::log(command == &run ? spdlog::level::info : spdlog::level::debug, "Options come from {}, too.",
                file->string());
  return file;
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  CLI::App program{"A software FIDO2 security key: a USB device to browsers, without the hardware",
                   "fauxkey"};
  CommonOptions options;
  Action action;
  program.formatter(help_formatter());
  program.set_help_flag("-h,--help", "What the command does, and its options");
  program.set_help_all_flag("--help-all", "The same, and what is seldom needed");
  program.set_version_flag("--version", "fauxkey " FAUXKEY_VERSION, "The program's version");
  add_common_options(program, options);
  program.require_subcommand(1);
  program.fallthrough();  // these may stand behind the command, too
  for (const auto add : kCommands) add(program, action);
  add_completion(program, action);
  add_help(program, action);

  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return program.exit(asked);
  } catch (const CLI::ParseError& error) {
    return fail(kUsedWrongly, usage_error(error, program));
  } catch (const UsageError& error) {
    return fail(kUsedWrongly, error.what());
  }

  std::optional<std::filesystem::path> configuration;
  try {
    interrupt::handle_signals();
    set_up_log(options.quiet ? -2 : options.verbose);
    show_progress(options.quiet);
    if (sodium_init() < 0)
      throw Failure{"libsodium did not start: see that the machine's random source (getrandom) works."};
    configuration = read_configuration(program, options.configuration);
    return action();
  } catch (const UsageError& error) {
    const std::string hint = configuration ? " Options come from " + configuration->string() + ", too." : "";
    return fail(kUsedWrongly, error.what() + hint);
  } catch (const transport::TransportUnavailable& error) {
    return fail(kCannotRunHere, error.what());
  } catch (const Unusable& error) {
    return fail(kSiteUnusable, error.what());
  } catch (const std::exception& error) {
    return fail(kFailed, error.what());
  }
}

}  // namespace fauxkey::app
