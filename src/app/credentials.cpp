#include "app/credentials_commands.h"

namespace fauxkey::app {

void add_credentials(CLI::App& program, Action& action) {
  auto& credentials = *program.add_subcommand(
      "credentials",
      "The discoverable credentials in the keystore (others are kept by the sites alone); no key may run on "
      "it meanwhile");
  credentials.require_subcommand(1);
  for (const auto add :
       {add_credentials_list, add_credentials_show, add_credentials_rename, add_credentials_delete,
        add_credentials_purge, add_credentials_export, add_credentials_import}) {
    add(credentials, action);
  }
}

}  // namespace fauxkey::app
