// Faults between a device and its key: what answers a device's requests and what carries its reports are
// wrapped, and do what a key's rules say. Neither the key nor the device knows of it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "control/faults/rules.h"
#include "ctaphid/device.h"
#include "fauxkey/clock.h"
#include "fauxkey/virtual_key.h"
#include "transport/transport.h"

namespace fauxkey::control::faults {

/// Each may be empty.
struct Hooks {
  /// A rule was used, as described: "counterBack, by 5". Called on the worker's thread before the answer
  /// leaves (or begins not to come).
  std::function<void(Id rule, const std::string& description)> on_hit;
  /// The device is to be unplugged. Called on the HID thread, which must not wait for the device's end: it
  /// only tells someone. From then on nothing goes in or out any more.
  std::function<void()> unplug;
  /// A packet leaves; or, by a fault, what is sent in its place, be it nothing. Called on the HID thread.
  std::function<void(const ctaphid::Report& packet, std::span<const ctaphid::Report> sent)> on_packet{};
};

struct Wrapped {
  std::unique_ptr<transport::Transport> transport;
  ctaphid::Handlers handlers;
};

/// For one device; `rules`, `key` and `clock` (whose time delays take) outlive it. Several devices of a key
/// share its rules.
[[nodiscard]] Wrapped wrap(std::unique_ptr<transport::Transport> transport, ctaphid::Handlers handlers,
                           Rules& rules, VirtualKey& key, Clock& clock, Hooks hooks = {});

}  // namespace fauxkey::control::faults
