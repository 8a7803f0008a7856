// The keys that are plugged in: ours, and those that answer beside them.
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "app/doctor/checks.h"
#include "app/doctor/device_state.h"
#include "user/display_text.h"

namespace fauxkey::app::doctor {
namespace {

namespace fs = std::filesystem;

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

/// The processes that have /dev/uhid open, as far as this user may see, but for fauxkeys and for Bluetooth,
/// which makes mice and keyboards there.
std::vector<Process> other_uhid_users(const Machine& machine, const std::vector<HidDevice>& devices) {
  std::vector<Process> users;
  for (auto& process : machine.processes()) {
    const bool ours =
        std::ranges::any_of(devices, [&](const HidDevice& device) { return device.fauxkey() == process.id; });
    if (ours || process.name == "bluetoothd") continue;
    const std::string folder = "/proc/" + std::to_string(process.id) + "/fd";
    const auto files = machine.list(folder);
    const bool uses = std::ranges::any_of(files, [&](const std::string& file) {
      std::error_code ignored;
      return fs::read_symlink(machine.at(folder) / file, ignored) == kUhidNode;
    });
    if (uses) users.push_back(std::move(process));
  }
  return users;
}

std::string shown_process(const Process& process) {
  return "process " + std::to_string(process.id) + " (" +
         user::display_text(process.name, 32, user::Shorten::end) + ")";
}

/// "kill 12", or "sudo kill 12" where it is somebody else's.
std::string kill_command(const Machine& machine, pid_t process) {
  struct stat status{};
  const auto folder = machine.at("/proc/" + std::to_string(process));
  const bool own = ::stat(folder.c_str(), &status) != 0 || status.st_uid == machine.user;
  return (own ? "kill " : machine.command("SUDO kill ")) + std::to_string(process);
}

}  // namespace

Findings look_at_keys(const Machine& machine) {
  Findings findings;
  bool running = false;
  for (const auto& device : fido_devices(machine)) {
    running = running || device.fauxkey() != 0;
    const auto answer = machine.probe(device.node);
    if (answer) {
      findings.push_back({Result::ok, "", device.node, shown_name(device) + " " + describe(*answer), "", ""});
      continue;
    }
    Finding finding{Result::problem, "", device.node, shown_name(device) + " " + answer.error(), "", ""};
    if (machine.open_device(device.node) != 0 && !machine.is_root()) {
      const auto access = missing_access(machine, device.device);
      finding.text += ": " + access.why;
      // What mends that mends this.
      const bool same = machine.open_device(kUhidNode) != 0;
      finding.what_to_do = same ? "see the check uhid" : access.what_to_do;
      finding.command = same ? "" : machine.command(access.command);
    } else if (const auto process = device.fauxkey(); process != 0) {
      finding.what_to_do = "end it, and start it anew then:";
      finding.command = kill_command(machine, process);
    } else {
      finding.what_to_do = "unplug it and plug it in again, or start it anew";
    }
    findings.push_back(std::move(finding));
  }
  if (!running)
    findings.push_back({Result::note, "", "", "no fauxkey is plugged in", "start one:", "fauxkey run"});
  return findings;
}

Findings look_at_other_keys(const Machine& machine) {
  const auto devices = fido_devices(machine);
  Findings findings;
  std::map<std::string, const HidDevice*> by_serial;
  for (const auto& device : devices) {
    if (const auto process = device.fauxkey(); process != 0) {
      const auto [other, first] = by_serial.emplace(device.serial, &device);
      if (first || device.serial.empty()) continue;
      findings.push_back(
          {Result::problem, "", device.node,
           "it has the serial of " + other->second->node +
               ": two copies of one keystore count signatures apart, which sites take for a cloned key",
           "stop one of them:", kill_command(machine, process)});
    } else if (device.origin == HidDevice::Origin::hardware) {
      findings.push_back({Result::ok, "", device.node,
                          shown_name(device) + " is a key of its own; browsers ask all that are plugged in",
                          "", ""});
    } else {
      Finding finding{
          Result::note,
          "",
          device.node,
          shown_name(device) +
              " is another program's virtual key; browsers ask both, and the first to answer wins",
          "end that program if you do not want it",
          ""};
      const auto users = device.origin == HidDevice::Origin::uhid ? other_uhid_users(machine, devices)
                                                                  : std::vector<Process>{};
      if (users.size() == 1) {
        finding.text += "; it is " + shown_process(users.front());
        finding.what_to_do += ":";
        finding.command = kill_command(machine, users.front().id);
      } else if (device.origin == HidDevice::Origin::usbip) {
        finding.text += "; it came by USB/IP (usbip port lists them)";
      }
      findings.push_back(std::move(finding));
    }
  }
  if (findings.empty()) findings.push_back({Result::ok, "", "", "no other FIDO key is plugged in", "", ""});
  return findings;
}

Findings look_at_smart_cards(const Machine& machine) {
  const auto processes = machine.processes();
  if (std::ranges::any_of(processes, [](const Process& process) { return process.name == "pcscd"; })) {
    return {{Result::ok, "", "",
             "pcscd runs; it takes smart-card readers and leaves keys such as this one alone", "", ""}};
  }
  return {{Result::ok, "", "", "no smart-card service takes part", "", ""}};
}

}  // namespace fauxkey::app::doctor
