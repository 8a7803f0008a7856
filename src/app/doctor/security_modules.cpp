// SELinux and AppArmor: whether they are on, and what they have denied to fauxkey.
#include <algorithm>
#include <array>

#include "app/doctor/checks.h"
#include "user/display_text.h"

namespace fauxkey::app::doctor {
namespace {

constexpr std::size_t kLogEnd = std::size_t{256} << 10U;

struct Denial {
  std::string source;
  std::string line;
  bool by_selinux = false;
};

bool is_about_keys(const std::string& line) {
  return line.find("fauxkey") != std::string::npos || line.find("/uhid") != std::string::npos ||
         line.find("name=\"uhid\"") != std::string::npos || line.find("hidraw") != std::string::npos;
}

/// The newest of each source that can be read: the audit daemon's log, the kernel's, and what syslog made of
/// that.
std::vector<Denial> denials(const Machine& machine) {
  std::vector<Denial> found;
  for (const char* const source :
       {"/var/log/audit/audit.log", "/dev/kmsg", "/var/log/kern.log", "/var/log/syslog"}) {
    const auto lines = lines_of(machine.read_end(source, kLogEnd));
    const auto newest = std::find_if(lines.rbegin(), lines.rend(), [](const std::string& line) {
      const bool denied = line.find("avc:  denied") != std::string::npos ||
                          line.find("apparmor=\"DENIED\"") != std::string::npos;
      return denied && is_about_keys(line);
    });
    if (newest != lines.rend())
      found.push_back({source, *newest, newest->find("avc:  denied") != std::string::npos});
  }
  return found;
}

/// The value of NAME="value" in a line of audit's.
std::string quoted_value(const std::string& line, const std::string& name) {
  const auto at = line.find(name + "=\"");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 2;
  return line.substr(begin, line.find('"', begin) - begin);
}

/// What stands before it is the log's own: time, host, facility.
std::string shown_denial(const std::string& line) {
  const auto begin = std::min(line.find("avc:  denied"), line.find("apparmor=\"DENIED\""));
  constexpr std::size_t kLongest = 200;
  return user::display_text(line.substr(begin), kLongest, user::Shorten::end);
}

}  // namespace

Findings look_at_security_modules(const Machine& machine) {
  Findings findings;
  for (const auto& [source, line, by_selinux] : denials(machine)) {
    Finding finding{Result::note, "", source, "an access was denied: " + shown_denial(line), "", ""};
    if (by_selinux) {
      finding.what_to_do = "if fauxkey needs that, allow it in SELinux's policy:";
      finding.command = machine.command(
          "SUDO ausearch -m avc -c fauxkey --raw | audit2allow -M fauxkey-local && SUDO semodule -i "
          "fauxkey-local.pp");
    } else if (const auto profile = quoted_value(line, "profile"); profile.starts_with("snap.")) {
      finding.what_to_do = "see the check browsers for this snap";
    } else {
      finding.what_to_do = "if that is in a key's way, have AppArmor only report what this profile denies:";
      finding.command = machine.command("SUDO aa-complain " +
                                        shell_word(user::display_text(profile, 200, user::Shorten::end)));
    }
    findings.push_back(std::move(finding));
  }
  if (!findings.empty()) return findings;
  std::string modules;
  if (machine.read_line("/sys/fs/selinux/enforce") == "1") modules = "SELinux is enforcing";
  if (machine.read_line("/sys/module/apparmor/parameters/enabled") == "Y")
    modules += std::string{modules.empty() ? "" : " and "} + "AppArmor is on";
  if (modules.empty()) return {{Result::ok, "", "", "neither SELinux nor AppArmor is in force", "", ""}};
  const bool readable = !machine.read_end("/dev/kmsg", 1024).empty() ||
                        !machine.read_end("/var/log/audit/audit.log", 1024).empty();
  if (readable)
    return {{Result::ok, "", "", modules + ", and the logs name nothing that was denied to a key", "", ""}};
  return {{Result::ok, "", "", modules + "; what they deny is in logs that only root reads", "", ""}};
}

}  // namespace fauxkey::app::doctor
