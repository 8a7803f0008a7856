// Whether people who are not root get the nodes: udev, its rule, and what came of the rule.
#include <algorithm>

#include "app/doctor/checks.h"
#include "app/doctor/device_state.h"

namespace fauxkey::app::doctor {

Findings look_at_udevd(const Machine& machine) {
  switch (udev_state(machine)) {
    case UdevState::running:
      return {{Result::ok, "", "", "udev runs, so rules are applied to new devices", "", ""}};
    case UdevState::stopped: {
      if (machine.in_container())
        return {{Result::note, "", "",
                 "udev does not run in this container; its host's gives nodes their permissions",
                 "install the udev rule there, or run browsers as root", ""}};
      const bool systemd = machine.has("/run/systemd/system");
      const std::string program = machine.has("/lib/systemd/systemd-udevd")
                                      ? "/lib/systemd/systemd-udevd"
                                      : "/usr/lib/systemd/systemd-udevd";
      return {{Result::problem, "", "", "udev does not run, so only root can open a new key's hidraw node",
               "start udev:",
               machine.command(systemd ? "SUDO systemctl start systemd-udevd"
                                       : "SUDO " + program + " --daemon && " + apply_rules_command())}};
    }
    case UdevState::absent:
      break;
  }
  return {{Result::note, "", "", "there is no udev here, so only root can open a key's hidraw node",
           "run browsers as root, as in a test machine, or install udev", ""}};
}

Findings look_at_udev_rule(const Machine& machine) {
  if (udev_state(machine) == UdevState::absent) return {{Result::ok, "", "", "no udev, no rule", "", ""}};
  const auto state = rule_state(machine);
  // Whoever gets at the device by other means, such as root, can do without.
  const bool needed = machine.open_device(kUhidNode) != 0 && !machine.in_container();
  const auto bad = needed ? Result::problem : Result::note;
  const auto command = machine.command(install_rule_command(state));
  switch (state.kind) {
    case RuleState::Kind::installed:
      if (state.beneath.empty())
        return {{Result::ok, "", "", "fauxkey's udev rule is installed (" + state.path + ")", "", ""}};
      return {{Result::ok, "", "",
               "fauxkey's udev rule is installed (" + state.path + ", which outranks " + state.beneath + ")",
               "", ""}};
    case RuleState::Kind::missing:
      return {{bad, "", "", "fauxkey's udev rule is not installed",
               "install the package, or write it:", command}};
    case RuleState::Kind::masked:
      return {
          {bad, "", "",
           "fauxkey's udev rule is masked: " + state.path + " is empty and outranks all others of its name",
           state.beneath.empty() ? "write it:" : "remove what masks " + state.beneath + ":", command}};
    case RuleState::Kind::incomplete:
      break;
  }
  return {
      {bad, "", "",
       state.path +
           " lacks the rule for /dev/uhid or that for the key's node, and outranks all others of its name",
       state.beneath.empty() ? "write it anew:" : "remove it in favour of " + state.beneath + ":", command}};
}

Findings look_at_udev_access(const Machine& machine) {
  if (udev_state(machine) != UdevState::running)
    return {{Result::ok, "", "", "without udev, nothing is given to anybody", "", ""}};
  struct Node {
    std::string path;
    std::string device;
  };
  std::vector<Node> nodes;
  if (machine.has("/sys/class/misc/uhid"))
    nodes.push_back({kUhidNode, device_name(machine, "/sys/class/misc/uhid")});
  for (const auto& key : fido_devices(machine)) {
    if (key.fauxkey() != 0) nodes.push_back({key.node, key.device});
  }
  Findings findings;
  const bool installed = rule_state(machine).kind == RuleState::Kind::installed;
  for (const auto& node : nodes) {
    if (!installed && !rule_is_in_force(machine, node.device, node.path)) {
      findings.push_back({Result::note, "", node.path,
                          "only root may open it, as there is no udev rule in force",
                          "see the check udev-rule", ""});
    } else if (!rule_is_in_force(machine, node.device, node.path)) {
      findings.push_back({Result::problem, "", node.path, "the udev rule is installed but not in force here",
                          "have udev apply it:", machine.command(apply_rules_command())});
    } else if (machine.open_device(node.path) != 0 && !machine.is_root()) {
      findings.push_back(
          {Result::problem, "", node.path,
           "the udev rule is in force, and you may not open it: " + missing_access(machine, node.device).why,
           node.path == kUhidNode ? "see the check uhid" : "see the check keys", ""});
    } else {
      findings.push_back({Result::ok, "", node.path, "the udev rule is in force", "", ""});
    }
  }
  if (nodes.empty())
    findings.push_back({Result::ok, "", "", "there is no node yet that udev could give to anybody", "", ""});
  return findings;
}

}  // namespace fauxkey::app::doctor
