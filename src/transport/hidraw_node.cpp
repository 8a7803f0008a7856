#include "transport/hidraw_node.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

namespace fauxkey::transport {
namespace {

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

bool has_phys(const fs::path& device, const std::string& phys) {
  std::ifstream uevent{device / "uevent"};
  const std::string wanted = "HID_PHYS=" + phys;
  for (std::string line; std::getline(uevent, line);) {
    if (line == wanted) return true;
  }
  return false;
}

std::optional<std::string> hidraw_node(const std::string& phys) {
  std::error_code ignored;
  for (const auto& device : fs::directory_iterator{"/sys/bus/hid/devices", ignored}) {
    if (!has_phys(device.path(), phys)) continue;
    for (const auto& node : fs::directory_iterator{device.path() / "hidraw", ignored}) {
      return "/dev/" + node.path().filename().string();
    }
  }
  return std::nullopt;
}

/// udev writes its database entry when the rules have run, and removes its queue file when no event is left
/// (the seat's user gets access by the very last step), as `udevadm settle` waits for it.
bool udev_is_done_with(const struct stat& node) {
  std::error_code ignored;
  if (!fs::exists("/run/udev/control", ignored)) return true;  // no udev, as in most containers
  const std::string entry =
      "/run/udev/data/c" + std::to_string(major(node.st_rdev)) + ":" + std::to_string(minor(node.st_rdev));
  return fs::exists(entry, ignored) && !fs::exists("/run/udev/queue", ignored);
}

template <class Condition>
bool wait_until(Clock::time_point deadline, Condition condition) {
  while (!condition()) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

}  // namespace

std::optional<std::string> wait_for_hidraw_node(const std::string& phys, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  std::optional<std::string> path;
  wait_until(deadline, [&] {
    path = hidraw_node(phys);
    return path.has_value();
  });
  if (!path) return std::nullopt;

  struct stat node{};
  // A container may have /dev/uhid and not see new nodes; its host does, and there the key works. A udev
  // whose rules leave nothing about the node writes no entry. Neither is worth more than a short wait.
  const auto patience = std::min(deadline, Clock::now() + std::chrono::milliseconds{1500});
  const bool visible =
      wait_until(patience, [&] { return ::stat(path->c_str(), &node) == 0 && S_ISCHR(node.st_mode); });
  if (visible) wait_until(patience, [&] { return udev_is_done_with(node); });
  return path;
}

}  // namespace fauxkey::transport
