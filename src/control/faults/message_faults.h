// Faults of whole requests: see the table of actions.
#pragma once

#include "control/faults/action.h"
#include "fauxkey/status.h"

namespace fauxkey::control::faults {

[[nodiscard]] std::optional<Bytes> give_status(Call& call, const Arguments& arguments);
template <Status status>
[[nodiscard]] std::optional<Bytes> give(Call& /*call*/, const Arguments& /*arguments*/) {
  return Bytes{static_cast<std::uint8_t>(status)};
}
[[nodiscard]] std::optional<Bytes> delay(Call& call, const Arguments& arguments);
[[nodiscard]] std::optional<Bytes> no_answer(Call& call, const Arguments& arguments);
[[nodiscard]] std::optional<Bytes> keepalive_for_ever(Call& call, const Arguments& arguments);
[[nodiscard]] std::optional<Bytes> busy(Call& call, const Arguments& arguments);

}  // namespace fauxkey::control::faults
