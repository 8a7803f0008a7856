// Requests and answers as events.
#pragma once

#include <memory>
#include <string>

#include "control/event_hub.h"
#include "control/trace.h"

namespace fauxkey::control {

/// Publishes each message of the traced devices, which are named as their keys: "ctap.request",
/// "ctap.answer", "u2f.…", "hid.…".
[[nodiscard]] std::unique_ptr<TraceWriter> make_event_writer(EventHub& events);

/// Both see all of it.
[[nodiscard]] ctaphid::Observer both(ctaphid::Observer one, ctaphid::Observer other);

}  // namespace fauxkey::control
