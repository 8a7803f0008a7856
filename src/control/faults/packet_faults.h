// Faults of an answer's packets: see the table of actions.
#pragma once

#include "control/faults/action.h"

namespace fauxkey::control::faults {

[[nodiscard]] bool drop_packet(Packets& packets, const Arguments& arguments);
[[nodiscard]] bool repeat_packet(Packets& packets, const Arguments& arguments);
[[nodiscard]] bool reorder_packets(Packets& packets, const Arguments& arguments);
[[nodiscard]] bool corrupt_packet(Packets& packets, const Arguments& arguments);
[[nodiscard]] bool wrong_sequence(Packets& packets, const Arguments& arguments);
[[nodiscard]] bool wrong_channel(Packets& packets, const Arguments& arguments);
[[nodiscard]] bool unplug_in_the_middle(Packets& packets, const Arguments& arguments);

}  // namespace fauxkey::control::faults
