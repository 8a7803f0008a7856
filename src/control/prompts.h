// Prompts and their answers as JSON has them.
#pragma once

#include "control/json.h"
#include "user/prompt_board.h"

namespace fauxkey::control {

/// Names of a host are given as it sent them: whoever shows them escapes them.
[[nodiscard]] Json to_json(const user::PromptBoard::Entry& entry);
[[nodiscard]] std::string_view name_of(UserAnswer answer);
[[nodiscard]] user::Reply read_answer(JsonReader& reader);

}  // namespace fauxkey::control
