// A question in words, the same wherever it is shown. What a host has chosen in it is escaped and shortened.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "fauxkey/clock.h"
#include "fauxkey/user_gate.h"

namespace fauxkey::user {

/// What is asked, in one line: "Log in at example.com as alice?".
[[nodiscard]] std::string question(const Prompt& prompt);

/// What is asked, in a few words without names, for where a long line is cut off.
[[nodiscard]] std::string title(const Prompt& prompt);

/// Which key asks: "Key: main".
[[nodiscard]] std::string key_line(std::string_view key);

/// "30 s left", and how many questions wait for this one: "30 s left, 1 more waits".
[[nodiscard]] std::string time_left(Clock::Duration left, std::size_t others);

/// Text as a notification's body with markup has it.
[[nodiscard]] std::string without_markup(std::string_view text);

}  // namespace fauxkey::user
