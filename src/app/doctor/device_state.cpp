#include "app/doctor/device_state.h"

#include <grp.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "user/display_text.h"

namespace fauxkey::app::doctor {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRuleFile = "/70-fauxkey.rules";
constexpr const char* kGroup = "fauxkey";

/// Of a file of rules: whether one that is no comment has both words.
bool has_rule(const std::vector<std::string>& lines, std::string_view one, std::string_view other) {
  return std::ranges::any_of(lines, [&](const std::string& line) {
    return !line.starts_with('#') && line.find(one) != std::string::npos &&
           line.find(other) != std::string::npos;
  });
}

bool is_whole(const std::string& text) {
  const auto lines = lines_of(text);
  return has_rule(lines, "hidraw", "1209:F1D0") && has_rule(lines, "\"uhid\"", "misc");
}

/// Whether the person is logged in at the machine's own screen (systemd-logind's files; sd-login(3) reads
/// them too).
bool has_active_seat(const Machine& machine) {
  return std::ranges::any_of(machine.list("/run/systemd/sessions"), [&](const std::string& name) {
    const auto lines = lines_of(machine.read("/run/systemd/sessions/" + name, 65536));
    const auto has_line = [&](std::string_view text) {
      return std::ranges::any_of(lines, [&](const std::string& line) { return line == text; });
    };
    const bool at_a_seat =
        std::ranges::any_of(lines, [](const std::string& l) { return l.starts_with("SEAT=seat"); });
    return at_a_seat && has_line("ACTIVE=1") && has_line("UID=" + std::to_string(machine.user));
  });
}

/// The group fauxkey's number and whether this user is listed as a member, by /etc/group.
struct GroupEntry {
  gid_t number = 0;
  bool member = false;
};
std::optional<GroupEntry> fauxkey_group(const Machine& machine) {
  for (const auto& line : lines_of(machine.read("/etc/group"))) {
    if (!line.starts_with(std::string{kGroup} + ":")) continue;
    const auto second = line.find(':', line.find(':') + 1);
    const auto third = second == std::string::npos ? second : line.find(':', second + 1);
    if (third == std::string::npos) return {};
    GroupEntry entry;
    std::from_chars(line.data() + second + 1, line.data() + third, entry.number);
    entry.member =
        ("," + line.substr(third + 1) + ",").find("," + machine.user_name + ",") != std::string::npos;
    return entry;
  }
  return {};
}

std::string uevent_value(const std::vector<std::string>& lines, std::string_view name) {
  for (const auto& line : lines) {
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == '=')
      return line.substr(name.size() + 1);
  }
  return {};
}

}  // namespace

RuleState rule_state(const Machine& machine) {
  RuleState state;
  for (const char* const folder : kRuleFolders) {
    const std::string path = std::string{folder} + kRuleFile;
    std::error_code ignored;
    const bool is_link = fs::is_symlink(machine.at(path), ignored);
    if (!is_link && !machine.has(path)) continue;
    const auto text = machine.read(path);
    if (!state.path.empty()) {
      // /lib may be /usr/lib by another name.
      if (fs::equivalent(machine.at(path), machine.at(state.path), ignored)) continue;
      if (state.beneath.empty() && is_whole(text)) state.beneath = path;
      continue;
    }
    state.path = path;
    state.is_link = is_link;
    state.kind = is_whole(text) ? RuleState::Kind::installed
                                : (text.empty() ? RuleState::Kind::masked : RuleState::Kind::incomplete);
  }
  return state;
}

UdevState udev_state(const Machine& machine) {
  const auto processes = machine.processes();
  const auto runs = [&](std::string_view name) {
    return std::ranges::any_of(processes, [&](const Process& process) { return process.name == name; });
  };
  if (runs("systemd-udevd") || runs("udevd")) return UdevState::running;
  // /proc may hide others' processes (hidepid); then its socket has to tell.
  const bool sees_others =
      std::ranges::any_of(processes, [](const Process& process) { return process.id == 1; });
  if (!sees_others && machine.has("/run/udev/control")) return UdevState::running;
  for (const char* const program :
       {"/lib/systemd/systemd-udevd", "/usr/lib/systemd/systemd-udevd", "/sbin/udevd", "/usr/sbin/udevd"}) {
    if (machine.has(program)) return UdevState::stopped;
  }
  return UdevState::absent;
}

std::string apply_rules_command() {
  return "SUDO udevadm control --reload && SUDO udevadm trigger --settle --sysname-match=uhid "
         "--sysname-match='hidraw*'";
}

std::string install_rule_command(const RuleState& state) {
  const bool masks_a_whole_one = !state.beneath.empty();
  std::string command;
  // Writing through a link to /dev/null would write nothing.
  if (masks_a_whole_one || state.is_link) command = "SUDO rm " + shell_word(state.path) + " && ";
  if (!masks_a_whole_one) {
    command += "printf '%s\\n' " + shell_word(kKeyRule) + " " + shell_word(kUhidRule) + " | SUDO tee " +
               kRuleFolders[0] + kRuleFile + " >/dev/null && ";
  }
  return command + apply_rules_command();
}

std::string group_command(const Machine& machine) {
  const std::string rules =
      shell_word(
          R"(KERNEL=="uhid", SUBSYSTEM=="misc", GROUP="fauxkey", MODE="0660", OPTIONS+="static_node=uhid")") +
      " " + shell_word(R"(SUBSYSTEM=="hidraw", KERNELS=="0003:1209:F1D0.*", GROUP="fauxkey", MODE="0660")");
  return "SUDO groupadd --force --system fauxkey && SUDO usermod -aG fauxkey " +
         shell_word(machine.user_name) + " && printf '%s\\n' " + rules +
         " | SUDO tee /etc/udev/rules.d/71-fauxkey-group.rules >/dev/null && " + apply_rules_command();
}

Access missing_access(const Machine& machine, const std::string& device) {
  const auto group = fauxkey_group(machine);
  const bool has_group_rule = machine.has("/etc/udev/rules.d/71-fauxkey-group.rules");
  if (group && group->member && has_group_rule &&
      std::ranges::find(machine.groups, group->number) == machine.groups.end())
    return {"this login is older than your membership in the group fauxkey",
            "log out and in again; or, for one shell:", "newgrp fauxkey"};
  if (udev_state(machine) == UdevState::absent)
    return {"there is no udev to give it to you", "run fauxkey and the browser as root, as in a test machine",
            ""};
  const auto rule = rule_state(machine);
  if (rule.kind != RuleState::Kind::installed)
    return {"fauxkey's udev rule is not installed", "install the udev rule:", install_rule_command(rule)};
  if (!rule_is_in_force(machine, device, {}))
    return {"fauxkey's udev rule is installed and has not been applied to it",
            "have udev apply the rule:", apply_rules_command()};
  if (has_active_seat(machine))
    return {"udev was to give it to you and did not",
            "log out and in again, or have udev apply the rule again:", apply_rules_command()};
  return {"it is for the person at the machine's own screen, and this login is elsewhere",
          "log in there; or get access by a group of udev's, and log in again then:", group_command(machine)};
}

bool rule_is_in_force(const Machine& machine, const std::string& device, const std::string& path) {
  if (!device.empty()) {
    const auto entry = lines_of(machine.read("/run/udev/data/" + device, 65536));
    const auto has_line = [&](std::string_view line) {
      return std::ranges::find(entry, line) != entry.end();
    };
    // Since udev 247, whose entries have a version, "G:" is every tag that it ever had, and "Q:" those it
    // has.
    if (has_line(has_line("V:1") ? "Q:uaccess" : "G:uaccess")) return true;
  }
  struct stat status{};
  if (path.empty() || ::stat(machine.at(path).c_str(), &status) != 0) return false;
  return status.st_gid != 0 && (status.st_mode & (S_IRGRP | S_IWGRP)) == (S_IRGRP | S_IWGRP);
}

std::string device_name(const Machine& machine, const std::string& folder) {
  const auto numbers = machine.read_line(folder + "/dev");
  return numbers.empty() ? std::string{} : "c" + numbers;
}

pid_t HidDevice::fauxkey() const {
  // As transport/uhid.cpp names it: "fauxkey/PID/NUMBER".
  constexpr std::string_view kPrefix = "fauxkey/";
  pid_t process = 0;
  if (origin == Origin::uhid && phys.starts_with(kPrefix))
    std::from_chars(phys.data() + kPrefix.size(), phys.data() + phys.size(), process);
  return process;
}

std::vector<HidDevice> fido_devices(const Machine& machine) {
  constexpr std::string_view kFidoUsagePage{"\x06\xd0\xf1", 3};
  std::vector<HidDevice> devices;
  for (const auto& name : machine.list("/sys/class/hidraw")) {
    const std::string folder = "/sys/class/hidraw/" + name;
    if (!machine.read(folder + "/device/report_descriptor", 4096).starts_with(kFidoUsagePage)) continue;
    const auto lines = lines_of(machine.read(folder + "/device/uevent", 65536));
    HidDevice device{.node = "/dev/" + name,
                     .device = device_name(machine, folder),
                     .name = uevent_value(lines, "HID_NAME"),
                     .serial = uevent_value(lines, "HID_UNIQ"),
                     .phys = uevent_value(lines, "HID_PHYS")};
    std::error_code ignored;
    const auto path = fs::canonical(machine.at(folder), ignored).string();
    if (path.find("/misc/uhid/") != std::string::npos)
      device.origin = HidDevice::Origin::uhid;
    else if (path.find("/vhci_hcd") != std::string::npos)
      device.origin = HidDevice::Origin::usbip;
    devices.push_back(std::move(device));
  }
  return devices;
}

std::string shown_name(const HidDevice& device) {
  constexpr std::size_t kLongest = 64;
  const auto shown = [](const std::string& text) {
    return user::display_text(text, kLongest, user::Shorten::end);
  };
  return (device.name.empty() ? "a FIDO device" : shown(device.name)) +
         (device.serial.empty() ? "" : " (serial " + shown(device.serial) + ")");
}

}  // namespace fauxkey::app::doctor
