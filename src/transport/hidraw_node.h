// Which /dev/hidrawN a uhid device became.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace fauxkey::transport {

/// Looks for the HID device whose physical location (HID_PHYS) is `phys` until it has a hidraw node, that
/// node is in /dev and udev, where it runs, has set the node's permissions; or until the time is up. Returns
/// "/dev/hidrawN", or nothing where the kernel made no hidraw device in time.
[[nodiscard]] std::optional<std::string> wait_for_hidraw_node(const std::string& phys,
                                                              std::chrono::milliseconds limit);

}  // namespace fauxkey::transport
