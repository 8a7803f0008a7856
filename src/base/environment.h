// The environment's variables.
#pragma once

#include <cstdlib>
#include <string>

namespace fauxkey {

/// Empty where it is not set, which means the same for all that this program reads.
[[nodiscard]] inline std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// Whether windows can be shown.
[[nodiscard]] inline bool has_display() {
  return !environment("DISPLAY").empty() || !environment("WAYLAND_DISPLAY").empty();
}

}  // namespace fauxkey
