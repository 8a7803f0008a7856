// Whether a device can be made: the kernel's modules uhid and hidraw, and the node /dev/uhid.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "app/doctor/checks.h"
#include "app/doctor/device_state.h"

namespace fauxkey::app::doctor {
namespace {

constexpr const char* kElsewhere =
    "use a kernel that has it (tools/run starts one in a virtual machine), or --transport unix:PATH for "
    "programs that "
    "talk to a socket";

std::string modules_folder(const Machine& machine) { return "/lib/modules/" + machine.kernel; }

bool names_module(const Machine& machine, const char* list) {
  return machine.read(modules_folder(machine) + list, std::size_t{8} << 20U).find("/uhid.ko") !=
         std::string::npos;
}

bool uhid_is_loaded(const Machine& machine) {
  return machine.has("/sys/module/uhid") || machine.has("/sys/class/misc/uhid");
}

/// A line of modprobe.d(5) that keeps the module from being loaded, and its file.
struct Block {
  std::string file;
  bool whole = false;  ///< modprobe uhid does not load it either
};
std::optional<Block> modprobe_block(const Machine& machine) {
  std::optional<Block> found;
  for (const char* const folder : {"/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d",
                                   "/usr/lib/modprobe.d", "/lib/modprobe.d"}) {
    for (const auto& name : machine.list(folder)) {
      if (!name.ends_with(".conf")) continue;
      const std::string path = std::string{folder} + "/" + name;
      for (auto line : lines_of(machine.read(path))) {
        std::ranges::replace(line, '\t', ' ');
        line.erase(std::unique(line.begin(), line.end(), [](char a, char b) { return a == ' ' && b == ' '; }),
                   line.end());
        if (line.starts_with(' ')) line.erase(0, 1);
        if (line.starts_with("install uhid ")) return Block{path, true};
        if (!found && (line == "blacklist uhid" || line.starts_with("blacklist uhid ")))
          found = Block{path, false};
      }
    }
  }
  return found;
}

std::string unblock_command(const Block& block) {
  return R"(SUDO sed -i -E 's/^[[:space:]]*(blacklist|install)[[:space:]]+uhid\b/# &/' )" +
         shell_word(block.file);
}

Finding not_loaded(const Machine& machine) {
  if (machine.read_line("/proc/sys/kernel/modules_disabled") == "1") {
    return {
        Result::problem,
        "",
        "",
        "the kernel module uhid is not loaded, and the kernel takes no more modules until it is started anew",
        "have it loaded at the start, then start the machine anew:",
        machine.command("echo uhid | SUDO tee /etc/modules-load.d/fauxkey.conf >/dev/null")};
  }
  if (const auto block = modprobe_block(machine)) {
    return {Result::problem,
            "",
            "",
            "the kernel module uhid is not loaded, and " + block->file + " keeps it out",
            "allow and load it:",
            machine.command(unblock_command(*block) + " && SUDO modprobe uhid")};
  }
  return {Result::problem,
          "",
          "",
          "the kernel module uhid is not loaded",
          "load it; the file udev/modules-load.d/fauxkey.conf does so at each start:",
          machine.command("SUDO modprobe uhid")};
}

/// The node is not there, or nobody answers behind it.
Finding no_node(const Machine& machine) {
  const bool container = machine.in_container();
  if (container) {
    return {Result::impossible,
            "",
            "",
            "there is no /dev/uhid in this container",
            "on its host: modprobe uhid, and start the container with --device /dev/uhid",
            ""};
  }
  if (uhid_is_loaded(machine) || names_module(machine, "/modules.builtin")) {
    return {Result::problem,
            "",
            "",
            "the kernel has uhid, but there is no node /dev/uhid",
            "make the node, as the kernel and udev do otherwise:",
            machine.command("SUDO mknod -m 0600 /dev/uhid c 10 239 && " + apply_rules_command())};
  }
  if (names_module(machine, "/modules.dep")) return not_loaded(machine);
  const auto kernels = machine.list("/lib/modules");
  if (!machine.has(modules_folder(machine)) && !kernels.empty()) {
    return {Result::problem,
            "",
            "",
            "the modules of the running kernel (" + machine.kernel + ") are gone, as after an update of it",
            "start the machine anew:",
            machine.command("SUDO reboot")};
  }
  Finding none{
      Result::impossible, "", "", "this kernel has no uhid module, so no program here can make a HID device",
      kElsewhere,         ""};
  const auto system = machine.read("/etc/os-release", 65536);
  if (system.find("ID=ubuntu") != std::string::npos && machine.has(modules_folder(machine))) {
    // Ubuntu's kernels for clouds have their rarer modules in a package of its own.
    none.what_to_do = "get the rest of this kernel's modules; or " + std::string{kElsewhere} + ":";
    none.command = machine.command("SUDO apt-get install linux-modules-extra-" + machine.kernel +
                                   " && SUDO modprobe uhid");
  } else if (machine.kernel.find("-cloud-") != std::string::npos) {
    none.what_to_do = "install Debian's ordinary kernel and start the machine anew with it:";
    none.command = machine.command("SUDO apt-get install linux-image-" +
                                   machine.kernel.substr(machine.kernel.rfind('-') + 1));
  }
  return none;
}

}  // namespace

Findings look_at_uhid(const Machine& machine) {
  const int error = machine.open_device(kUhidNode);
  if (error == 0) return {{Result::ok, "", "", "/dev/uhid can be opened, so a device can be made", "", ""}};
  if (error == EACCES || error == EPERM) {
    // Its place in udev's database is the kernel's own: UHID_MINOR of linux/miscdevice.h.
    if (machine.is_root() || machine.in_container()) {
      return {{Result::problem, "", "", "there is no permission to open /dev/uhid, not even for this user",
               "in a container: start it with --device /dev/uhid; otherwise see the check security-modules "
               "(a udev rule "
               "does not help)",
               ""}};
    }
    auto access = missing_access(machine, "c10:239");
    return {{Result::problem, "", "", "there is no permission to open /dev/uhid: " + access.why,
             access.what_to_do, machine.command(access.command)}};
  }
  if (error == ENOENT || error == ENODEV || error == ENXIO) return {no_node(machine)};
  return {{Result::problem, "", "", std::string{"/dev/uhid cannot be opened ("} + std::strerror(error) + ")",
           "look at the kernel's log:", machine.command("SUDO dmesg | tail -n 20")}};
}

Findings look_at_module_at_start(const Machine& machine) {
  if (machine.in_container() && machine.open_device(kUhidNode) != 0)
    return {{Result::ok, "", "", "a container's host loads modules, not the container", "", ""}};
  if (names_module(machine, "/modules.builtin"))
    return {{Result::ok, "", "", "uhid is built into this kernel", "", ""}};
  for (const char* const folder :
       {"/etc/modules-load.d", "/run/modules-load.d", "/usr/local/lib/modules-load.d",
        "/usr/lib/modules-load.d", "/lib/modules-load.d"}) {
    for (const auto& name : machine.list(folder)) {
      const std::string path = std::string{folder} + "/" + name;
      const auto lines = lines_of(machine.read(path));
      if (std::ranges::find(lines, "uhid") == lines.end()) continue;
      // systemd-modules-load respects these.
      if (const auto block = modprobe_block(machine)) {
        return {{Result::note, "", "",
                 path + " asks for uhid at each start, and " + block->file + " keeps it out",
                 "allow it:", machine.command(unblock_command(*block))}};
      }
      return {{Result::ok, "", "", "uhid is loaded at each start (" + path + ")", "", ""}};
    }
  }
  return {{Result::note, "", "", "nothing loads the module uhid when the machine starts", "have it loaded:",
           machine.command("echo uhid | SUDO tee /etc/modules-load.d/fauxkey.conf >/dev/null")}};
}

Findings look_at_hidraw(const Machine& machine) {
  if (machine.has("/sys/class/hidraw"))
    return {{Result::ok, "", "", "the kernel has hidraw, by which hosts reach a key", "", ""}};
  if (machine.open_device(kUhidNode) != 0)
    return {{Result::note, "", "", "there is no hidraw yet, by which hosts reach a key",
             "see the check uhid first", ""}};
  return {{Result::problem, "", "", "the kernel shows no hidraw devices, by which browsers reach a key",
           "use a kernel with CONFIG_HIDRAW (all of Debian's have it), with /sys mounted:",
           machine.command("SUDO mount -t sysfs sysfs /sys")}};
}

}  // namespace fauxkey::app::doctor
