#include <iostream>
#include <memory>

#include "app/error.h"
#include "app/keystore_commands.h"
#include "app/process.h"
#include "app/store_options.h"

namespace fauxkey::app {
namespace {

int accept_older(const StoreOptions& options) {
  protect_memory();
  SystemRandom random;
  SystemClock clock;
  Opening opening;
  opening.accept_older = true;
  (void)open_store(options, false, random, clock, opening);
  std::cout << "The keystore " << options.path().string() << " is the newest now.\n" << std::flush;
  return kDone;
}

}  // namespace

void add_keystore_accept_older(CLI::App& keystore, Action& action) {
  auto& command = *keystore.add_subcommand(
      "accept-older", "Go on with a keystore that was put back to an older copy, such as a backup");
  const auto options = std::make_shared<StoreOptions>();
  add_store_options(command, *options);
  command.callback([&action, options] { action = [options] { return accept_older(*options); }; });
}

}  // namespace fauxkey::app
