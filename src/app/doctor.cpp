#include <fcntl.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/commands.h"
#include "app/error.h"
#include "app/hid_probe.h"
#include "transport/file_descriptor.h"
#include "user/display_text.h"

namespace fauxkey::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// One line of the doctor's report.
struct Finding {
  enum class Kind : std::uint8_t {
    ok,
    note,        ///< works, but could be better
    problem,     ///< something does not work that could
    impossible,  ///< a real device cannot be had here
  };
  Kind kind{};
  std::string subject;
  std::string text;
  std::string what_to_do;  ///< empty where nothing is to be done
};
using Kind = Finding::Kind;
using Findings = std::vector<Finding>;

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::ok:
      return "ok";
    case Kind::note:
      return "note";
    case Kind::problem:
      return "problem";
    case Kind::impossible:
      return "impossible";
  }
  return "";
}

bool present(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool in_container() {
  return present("/.dockerenv") || present("/run/.containerenv") || present("/run/systemd/container") ||
         std::getenv("container") != nullptr;
}

bool kernel_has_uhid_module() {
  utsname kernel{};
  if (::uname(&kernel) != 0) return false;
  std::ifstream modules{std::string{"/lib/modules/"} + kernel.release + "/modules.dep"};
  for (std::string line; std::getline(modules, line);) {
    if (line.find("/uhid.ko") != std::string::npos) return true;
  }
  return false;
}

bool udev_rule_installed() {
  return std::ranges::any_of(
      std::array{"/etc/udev/rules.d", "/run/udev/rules.d", "/usr/local/lib/udev/rules.d",
                 "/usr/lib/udev/rules.d", "/lib/udev/rules.d"},
      [](const char* folder) { return present(fs::path{folder} / "70-fauxkey.rules"); });
}

const char* how_to_get_access() {
  return udev_rule_installed()
             ? "log in at this machine's own screen, or see 70-fauxkey.rules for a group; then, as root: "
               "udevadm trigger"
             : "install the udev rule of the folder udev/ (cmake --install does), or run fauxkey as root";
}

/// /dev/uhid: whether a device can be made. Opening it alone makes none.
Finding look_at_uhid() {
  const transport::FileDescriptor uhid{::open("/dev/uhid", O_RDWR | O_CLOEXEC)};
  if (uhid) return {Kind::ok, "uhid", "/dev/uhid can be opened, so a device can be made", ""};
  const int error = errno;
  if (error == EACCES || error == EPERM)
    return {Kind::problem, "uhid", "there is no permission to open /dev/uhid", how_to_get_access()};
  if (error != ENOENT && error != ENODEV && error != ENXIO)
    return {Kind::problem, "uhid", std::string{"/dev/uhid cannot be opened ("} + std::strerror(error) + ")",
            "look at the kernel's log (dmesg)"};
  if (in_container())
    return {Kind::impossible, "uhid", "there is no /dev/uhid in this container",
            "on its host: modprobe uhid, and start the container with --device /dev/uhid"};
  if (kernel_has_uhid_module()) {
    return {Kind::problem, "uhid", "the kernel module uhid is not loaded",
            "modprobe uhid (as root); the file udev/modules-load.d/fauxkey.conf does so at each start"};
  }
  return {Kind::impossible, "uhid",
          "this kernel has no uhid module, so no program here can make a HID device",
          "use a kernel that has it (tools/run starts one in a virtual machine), or --transport unix:PATH "
          "for programs "
          "that talk to a socket"};
}

Finding look_at_hidraw() {
  if (present("/sys/class/hidraw"))
    return {Kind::ok, "hidraw", "the kernel has hidraw, by which hosts reach a key", ""};
  return {Kind::problem, "hidraw", "the kernel shows no hidraw devices, by which browsers reach a key",
          "use a kernel with CONFIG_HIDRAW (all of Debian's have it), with /sys mounted"};
}

Finding look_at_udev() {
  if (!present("/run/udev/control"))
    return {Kind::note, "udev", "udev does not run here, so only root can open a key's hidraw node",
            "run browsers as root, as in a test machine, or start udev"};
  if (udev_rule_installed()) return {Kind::ok, "udev", "fauxkey's udev rule is installed", ""};
  return {Kind::note, "udev", "fauxkey's udev rule is not installed",
          "cmake --install, or copy udev/70-fauxkey.rules to /etc/udev/rules.d/"};
}

/// What the HID thread asks for, on a thread's own account: sched_setscheduler(2).
Finding look_at_real_time() {
  rlimit limit{};
  const bool root = ::geteuid() == 0;
  if (root || (::getrlimit(RLIMIT_RTPRIO, &limit) == 0 && limit.rlim_cur >= 1))
    return {Kind::ok, "priority", "the thread that takes hosts' reports may have real-time priority", ""};
  return {
      Kind::note, "priority",
      "real-time priority is not allowed, so on a busy machine long messages may be lost and browsers then "
      "ask again",
      "use udev/fauxkey.service, or put the file udev/limits.d/fauxkey.conf into /etc/security/limits.d/"};
}

std::string describe(const ProbeAnswer& answer) {
  if (!answer.get_info) return "speaks U2F only";
  const auto* const info = answer.get_info->as<cbor::Map>();
  const auto* const versions = info != nullptr ? cbor::find(*info, 1) : nullptr;
  const auto* const list = versions != nullptr ? versions->as<cbor::Array>() : nullptr;
  if (list == nullptr) return "speaks CTAP2, but its getInfo names no versions";
  std::string text = "speaks";
  for (const auto& version : *list) {
    if (const auto* const name = version.as<std::string>())
      text += (text.size() > 6 ? ", " : " ") + user::display_text(*name, 20, user::Shorten::end);
  }
  return text;
}

void look_at_devices(Findings& findings) {
  const auto devices = find_fido_devices();
  for (const auto& device : devices) {
    auto name = device.product.empty() ? "a FIDO device" : device.product;
    if (!device.serial.empty()) name += " (serial " + device.serial + ")";
    if (const auto answer = probe(device))
      findings.push_back({Kind::ok, device.node, name + " " + describe(*answer), ""});
    else
      findings.push_back({Kind::problem, device.node, name + " " + answer.error(),
                          ::access(device.node.c_str(), R_OK | W_OK) != 0
                              ? how_to_get_access()
                              : "unplug it and plug it in again, or start it anew"});
  }
  const bool running = std::ranges::any_of(
      devices, [](const FidoDevice& device) { return device.product.find("fauxkey") != std::string::npos; });
  if (!running)
    findings.push_back({Kind::note, "key", "no fauxkey is plugged in", "start one with fauxkey run"});
}

Json to_json(const Finding& finding) {
  return {{"subject", finding.subject},
          {"result", name_of(finding.kind)},
          {"text", finding.text},
          {"whatToDo", finding.what_to_do.empty() ? Json(nullptr) : Json(finding.what_to_do)}};
}

int examine(bool as_json) {
  Findings findings{look_at_uhid(), look_at_hidraw(), look_at_udev(), look_at_real_time()};
  look_at_devices(findings);

  if (as_json) {
    Json json = Json::array();
    for (const auto& finding : findings) json.push_back(to_json(finding));
    std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    for (const auto& [kind, subject, text, what_to_do] : findings) {
      const std::string result{name_of(kind)};
      std::cout << result << std::string(12 - result.size(), ' ') << subject << ": " << text << "\n";
      if (!what_to_do.empty()) std::cout << std::string(12, ' ') << "-> " << what_to_do << "\n";
    }
  }
  std::cout << std::flush;
  const auto any = [&](Kind kind) {
    return std::ranges::any_of(findings, [&](const Finding& f) { return f.kind == kind; });
  };
  if (any(Kind::impossible)) return kCannotRunHere;
  return any(Kind::problem) ? kFailed : kDone;
}

}  // namespace

void add_doctor(CLI::App& program, Action& action) {
  auto& command = *program.add_subcommand(
      "doctor",
      "Look for what keeps hosts from seeing a key here; ends with 77 where no real device is possible");
  const auto as_json = std::make_shared<bool>(false);
  command.add_flag("--json", *as_json, "As JSON");
  command.callback([&action, as_json] { action = [as_json] { return examine(*as_json); }; });
}

}  // namespace fauxkey::app
