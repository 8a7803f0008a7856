// A HID device of this machine's own kernel, by /dev/uhid.
#pragma once

#include <memory>

#include "transport/transport.h"

namespace fauxkey::transport {

/// Plugs the device in and returns once its /dev/hidrawN is there (and udev is done with it, where udev
/// runs).
[[nodiscard]] std::unique_ptr<Transport> open_uhid(const Identity& identity);

}  // namespace fauxkey::transport
