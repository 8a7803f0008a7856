// A run's report for machines and for browsers. Texts of the site are escaped: it is not trusted.
#pragma once

#include <string>

#include "attack/run.h"

namespace fauxkey::attack {

[[nodiscard]] Json report_json(const Report& report);
/// As CI systems read it: a test case for each scenario; what was not played is skipped.
[[nodiscard]] std::string report_junit(const Report& report);
/// One page that needs nothing else.
[[nodiscard]] std::string report_html(const Report& report);

/// For XML and HTML, in text and in attributes; what XML cannot hold is U+FFFD.
[[nodiscard]] std::string escaped(std::string_view text);
/// "7.1.9" and "7.1.12" as "7.1 step 9, 12".
[[nodiscard]] std::string steps_text(const std::vector<std::string>& steps);

}  // namespace fauxkey::attack
