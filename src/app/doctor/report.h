// The doctor's report: for people, and for programs.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

#include "app/doctor/finding.h"

namespace fauxkey::app::doctor {

struct Style {
  std::size_t columns = 0;  ///< of the terminal; 0: lines as long as they are
  bool colour = false;
};
/// What stdout is: lines are folded and coloured on a terminal only, and not coloured where $NO_COLOR is set
/// or $TERM is "dumb".
[[nodiscard]] Style style_of_output();

[[nodiscard]] std::string to_text(const Findings& findings, const Style& style);

/// {"result": the worst of them, "findings": [{"check", "subject", "result", "text", "whatToDo",
/// "command"}]}; null where there is none of the last two or no subject.
[[nodiscard]] nlohmann::ordered_json to_json(const Findings& findings);

/// The program's exit status (error.h).
[[nodiscard]] int exit_status(const Findings& findings);

}  // namespace fauxkey::app::doctor
