#include <iostream>
#include <memory>

#include "app/error.h"
#include "app/keystore_commands.h"
#include "app/process.h"
#include "app/store_options.h"
#include "app/text.h"

namespace fauxkey::app {
namespace {

int compact(const StoreOptions& options) {
  protect_memory();
  SystemRandom random;
  SystemClock clock;
  const auto store = open_store(options, false, random, clock);
  const auto sizes = store->compact();
  if (!sizes) throw Failure{sizes.error().message};
  std::cout << "The keystore has " << file_size(sizes->after) << " now; it had " << file_size(sizes->before)
            << ".\n";
  finish_output();
  return kDone;
}

}  // namespace

void add_keystore_compact(CLI::App& keystore, Action& action) {
  auto& command =
      *keystore.add_subcommand("compact", "Write the file anew, without the room that deleted records left");
  const auto options = std::make_shared<StoreOptions>();
  add_store_options(command, *options);
  command.callback([&action, options] { action = [options] { return compact(*options); }; });
}

}  // namespace fauxkey::app
