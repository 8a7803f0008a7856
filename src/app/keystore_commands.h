// The subcommands of `fauxkey keystore`; see commands.h.
#pragma once

#include "app/commands.h"

namespace fauxkey::app {

void add_keystore_protect(CLI::App& keystore, Action& action);
void add_keystore_snapshot(CLI::App& keystore, Action& action);
void add_keystore_check(CLI::App& keystore, Action& action);
void add_keystore_compact(CLI::App& keystore, Action& action);
void add_keystore_info(CLI::App& keystore, Action& action);
void add_keystore_accept_older(CLI::App& keystore, Action& action);

}  // namespace fauxkey::app
