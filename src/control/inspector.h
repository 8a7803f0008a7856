// The inspector: a page that shows a daemon's keys and what is said to them, and by which a person answers
// prompts and scripts keys. It is nothing but files (src/control/inspector/, within the program), and does
// all by the control interface that it comes from.
#pragma once

#include <string_view>

#include "control/http.h"

namespace fauxkey::control {

/// Of the page ("/") or one of its files ("/inspector/style.css").
[[nodiscard]] bool is_inspector_path(std::string_view path);
/// Such a file; 404 for a name that none has.
[[nodiscard]] HttpResponse inspector_file(std::string_view path);

}  // namespace fauxkey::control
