// The subcommands of `fauxkey credentials`; see commands.h.
#pragma once

#include "app/commands.h"

namespace fauxkey::app {

void add_credentials_list(CLI::App& credentials, Action& action);
void add_credentials_show(CLI::App& credentials, Action& action);
void add_credentials_rename(CLI::App& credentials, Action& action);
void add_credentials_delete(CLI::App& credentials, Action& action);
void add_credentials_purge(CLI::App& credentials, Action& action);
void add_credentials_export(CLI::App& credentials, Action& action);
void add_credentials_import(CLI::App& credentials, Action& action);

}  // namespace fauxkey::app
