#include "app/keystore_commands.h"

namespace fauxkey::app {

void add_keystore(CLI::App& program, Action& action) {
  auto& keystore = *program.add_subcommand(
      "keystore",
      "The keystore's file: what opens it, snapshots, its health; no key may run on it meanwhile");
  keystore.require_subcommand(1);
  for (const auto add : {add_keystore_protect, add_keystore_snapshot, add_keystore_check,
                         add_keystore_compact, add_keystore_info, add_keystore_accept_older}) {
    add(keystore, action);
  }
}

}  // namespace fauxkey::app
