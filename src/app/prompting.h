// Where a person is asked, as `--approve ask` and `--prompt` say.
#pragma once

#include <memory>

#include "app/run_options.h"
#include "user/prompter.h"

namespace fauxkey::app {

/// Nothing where nobody is asked but over the control interface. Says in the log how questions would be asked
/// now; throws Failure where each way that `--prompt` names has something in the way.
[[nodiscard]] std::unique_ptr<user::Prompter> make_prompter(const RunOptions& options);

}  // namespace fauxkey::app
