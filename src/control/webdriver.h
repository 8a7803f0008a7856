// WebDriver's extension commands for virtual authenticators (WebAuthn Level 3, 11).
#pragma once

#include <string_view>

#include "control/http.h"

namespace fauxkey::control {

/// Whether a path is one that WebDriver's clients send these commands to.
[[nodiscard]] bool is_webdriver_path(std::string_view path);
/// An error as WebDriver 6.6 has it: `error` is one of its words.
[[nodiscard]] HttpResponse webdriver_error(int status, std::string_view error, std::string_view message);

}  // namespace fauxkey::control
