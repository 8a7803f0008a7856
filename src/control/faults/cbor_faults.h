// Faults of an answer's encoding: see the table of actions.
#pragma once

#include "control/faults/action.h"

namespace fauxkey::control::faults {

[[nodiscard]] bool truncate(Bytes& encoded, const Arguments& arguments);
[[nodiscard]] bool not_canonical(Bytes& encoded, const Arguments& arguments);
[[nodiscard]] bool wrong_type(Bytes& encoded, const Arguments& arguments);
[[nodiscard]] bool missing_member(Bytes& encoded, const Arguments& arguments);
[[nodiscard]] bool extra_member(Bytes& encoded, const Arguments& arguments);

}  // namespace fauxkey::control::faults
