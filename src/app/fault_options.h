// `fauxkey run --fault`.
#pragma once

#include <string>
#include <vector>

#include "control/faults/rules.h"

namespace fauxkey::app {

/// Each text is a rule in JSON, or @ and a file that holds one or an array of them. Throws UsageError.
void add_faults(control::faults::Rules& rules, const std::vector<std::string>& texts);

}  // namespace fauxkey::app
