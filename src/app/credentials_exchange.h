// `fauxkey credentials export` and `import`; see commands.h.
#pragma once

#include "app/commands.h"

namespace fauxkey::app {

void add_credentials_export(CLI::App& credentials, Action& action);
void add_credentials_import(CLI::App& credentials, Action& action);

}  // namespace fauxkey::app
