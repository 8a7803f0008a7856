#include <sodium.h>

#include <array>
#include <iostream>

#include "app/commands.h"
#include "app/error.h"
#include "app/process.h"
#include "transport/transport.h"

namespace fauxkey::app {
namespace {

constexpr std::array kCommands{add_run,       add_status,      add_approve, add_deny, add_credentials,
                               add_keystore,  add_attestation, add_doctor,  add_demo, add_replay,
                               add_webdriver, add_ui,          add_version};

int fail(int status, const std::string& sentence) {
  std::cerr << "fauxkey: " << sentence << "\n";
  return status;
}

/// `fauxkey help`, `fauxkey help run`, `fauxkey help attestation root`.
void add_help(CLI::App& program, Action& action) {
  auto& help = *program.add_subcommand("help", "What the program or one of its commands does");
  const auto words = std::make_shared<std::vector<std::string>>();
  help.add_option("command", *words, "The command")->type_name("");
  help.callback([&program, &action, words] {
    action = [&program, words] {
      const CLI::App* topic = &program;
      std::string name = program.get_name();
      for (const auto& word : *words) {
        try {
          topic = topic->get_subcommand(word);
        } catch (const CLI::OptionNotFound&) {
          throw UsageError{"There is no command \"" + word + "\": see fauxkey help."};
        }
        name += " " + word;
      }
      // Not topic->help(), which would be the help of the command in use, this one.
      std::cout << topic->get_formatter()->make_help(topic, name, CLI::AppFormatMode::Normal) << std::flush;
      return kDone;
    };
  });
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  CLI::App program{"A software FIDO2 security key: a USB device to browsers, without the hardware.",
                   "fauxkey"};
  int verbose = 0;
  bool quiet = false;
  Action action;
  program.add_flag("-v,--verbose", verbose, "Say more of what happens; twice: everything");
  program.add_flag("-q,--quiet", quiet, "Say only what went wrong");
  program.require_subcommand(1);
  program.fallthrough();  // -v and -q may stand behind the command, too
  program.set_version_flag("--version", "fauxkey " FAUXKEY_VERSION);
  for (const auto add : kCommands) add(program, action);
  add_help(program, action);
  program.footer("Exit status: 0 done, 1 failed, 2 used wrongly, 77 cannot run here (no uhid).");

  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return program.exit(asked);
  } catch (const CLI::ParseError& error) {
    return fail(kUsedWrongly, std::string{error.what()} + " (see fauxkey help)");
  } catch (const UsageError& error) {
    return fail(kUsedWrongly, error.what());
  }

  try {
    set_up_log(quiet ? -2 : verbose);
    if (sodium_init() < 0)
      throw Failure{"libsodium did not start: see that the machine's random source (getrandom) works."};
    return action();
  } catch (const UsageError& error) {
    return fail(kUsedWrongly, error.what());
  } catch (const transport::TransportUnavailable& error) {
    return fail(kCannotRunHere, error.what());
  } catch (const std::exception& error) {
    return fail(kFailed, error.what());
  }
}

}  // namespace fauxkey::app
