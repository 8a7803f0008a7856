// The daemon and its surroundings: how it can ask, whether it is a service, and where it is controlled.
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "app/doctor/checks.h"

namespace fauxkey::app::doctor {
namespace {

bool has_session_bus(const Machine& machine) {
  if (machine.variable("DBUS_SESSION_BUS_ADDRESS")) return true;
  const auto folder = machine.variable("XDG_RUNTIME_DIR");
  return folder && folder->starts_with('/') && machine.has(*folder + "/bus");
}

/// Whether somebody shows notifications, or would be started to (the Desktop Notifications Specification).
bool has_notification_server(const Machine& machine) {
  constexpr const char* kName = "org.freedesktop.Notifications";
  const std::string folder = "/usr/share/dbus-1/services";
  const auto services = machine.list(folder);
  const bool startable = std::ranges::any_of(services, [&](const std::string& file) {
    const auto lines = lines_of(machine.read(folder + "/" + file, 65536));
    return std::ranges::find(lines, std::string{"Name="} + kName) != lines.end();
  });
  if (startable) return true;
  const auto asked = machine.run({"busctl", "--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                  "org.freedesktop.DBus", "NameHasOwner", "s", kName});
  return asked && asked->output.starts_with("b true");
}

/// Without connecting, which would start a daemon that systemd starts by its socket.
bool is_listened_at(const Machine& machine, const std::string& socket) {
  const auto lines = lines_of(machine.read("/proc/net/unix", std::size_t{16} << 20U));
  return std::ranges::any_of(lines, [&](const std::string& line) {
    return line.ends_with(" " + socket) && line.find(" 00010000 ") != std::string::npos;  // __SO_ACCEPTCON
  });
}

std::map<std::string, std::string> properties_of(const std::string& text) {
  std::map<std::string, std::string> properties;
  for (const auto& line : lines_of(text)) {
    const auto equals = line.find('=');
    if (equals != std::string::npos) properties[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return properties;
}

}  // namespace

Findings look_at_prompts(const Machine& machine) {
  std::string ways;
  const auto add = [&](const std::string& way) { ways += (ways.empty() ? "" : ", ") + way; };
  if (has_session_bus(machine) && has_notification_server(machine)) add("desktop notifications");
  const auto named = machine.variable("FAUXKEY_PINENTRY");
  const auto pinentry = machine.find_program(named.value_or("pinentry"));
  if (pinentry) add("pinentry (" + *pinentry + ")");
  if (machine.has_terminal) add("this terminal");
  if (!ways.empty()) return {{Result::ok, "", "", "a key can ask by: " + ways, "", ""}};
  if (named) {
    return {{Result::note, "", "",
             "a key has no way to ask: FAUXKEY_PINENTRY names " + *named + ", which is no program",
             "take it away, or have it name one:", "unset FAUXKEY_PINENTRY"}};
  }
  const bool desktop = machine.variable("WAYLAND_DISPLAY") || machine.variable("DISPLAY");
  const std::string package = desktop ? "pinentry-gnome3" : "pinentry-curses";
  return {{Result::note, "", "",
           "a key has no way to ask: there is no notification server, no pinentry and no terminal",
           machine.find_program("apt-get") ? "install a pinentry:" : "install a pinentry (" + package + ")",
           machine.find_program("apt-get") ? machine.command("SUDO apt-get install " + package) : ""}};
}

Findings look_at_service(const Machine& machine) {
  const auto asked = machine.run({"systemctl", "--user", "show", "fauxkey.service",
                                  "--property=LoadState,UnitFileState,ActiveState,Result,NeedDaemonReload"});
  if (!asked || asked->status != 0)
    return {{Result::ok, "", "", "no systemd of this user answers, so fauxkey runs without one", "", ""}};
  auto unit = properties_of(asked->output);
  if (unit["LoadState"] == "not-found")
    return {{Result::ok, "", "", "fauxkey is not installed as a service", "", ""}};
  if (unit["LoadState"] == "masked" || unit["UnitFileState"] == "masked")
    return {{Result::note, "", "", "the service is masked, so it never starts",
             "let it start:", "systemctl --user unmask fauxkey.service"}};
  if (unit["ActiveState"] == "failed") {
    return {{Result::problem, "", "", "the service has failed (" + unit["Result"] + ")",
             "read why (journalctl --user -u fauxkey -n 20), mend that, and start it again:",
             "systemctl --user reset-failed fauxkey.service && systemctl --user start fauxkey.service"}};
  }
  if (unit["NeedDaemonReload"] == "yes")
    return {{Result::note, "", "", "the service's file has changed since systemd read it",
             "have it read again:", "systemctl --user daemon-reload"}};
  if (unit["ActiveState"] == "active" || unit["ActiveState"] == "activating")
    return {{Result::ok, "", "", "the service runs (" + unit["UnitFileState"] + ")", "", ""}};
  const auto socket = machine.run({"systemctl", "--user", "is-active", "fauxkey.socket"});
  if (socket && socket->output.starts_with("active"))
    return {{Result::ok, "", "", "the service starts when its control socket is used", "", ""}};
  const bool enabled = unit["UnitFileState"] == "enabled";
  return {{Result::ok, "", "",
           enabled ? "the service is enabled and starts at the next login"
                   : "the service is installed and not enabled (systemctl --user enable --now fauxkey)",
           "", ""}};
}

Findings look_at_control(const Machine& machine) {
  const auto folder = machine.variable("XDG_RUNTIME_DIR");
  if (!folder || !folder->starts_with('/')) {
    const auto usual = "/run/user/" + std::to_string(machine.user);
    if (machine.has(usual)) {
      return {{Result::note, "", "",
               "XDG_RUNTIME_DIR is not set, so fauxkey status, approve and deny do not find the daemon",
               "set it:", "export XDG_RUNTIME_DIR=" + usual}};
    }
    return {{Result::note, "", "",
             "XDG_RUNTIME_DIR is not set, so there is no control interface unless --control names one",
             "log in as this user (su and sudo do not make one), or make a folder for it:",
             "export XDG_RUNTIME_DIR=$(mktemp -d)"}};
  }
  struct stat status{};
  if (::stat(machine.at(*folder).c_str(), &status) != 0) {
    return {{Result::problem, "", "", "XDG_RUNTIME_DIR names " + *folder + ", which is not there",
             "make it, for this user alone:", "mkdir -m 700 -p " + shell_word(*folder)}};
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return {{Result::problem, "", "",
             *folder + " (XDG_RUNTIME_DIR) can be written by others, who may take the control socket's place",
             "keep it for this user:", "chmod 700 " + shell_word(*folder)}};
  }
  const auto socket = *folder + "/fauxkey/control.sock";
  if (!machine.has(socket))
    return {{Result::ok, "", "", "no daemon of this user has a control interface now", "", ""}};
  if (is_listened_at(machine, socket)) return {{Result::ok, "", "", "a daemon listens at " + socket, "", ""}};
  return {{Result::note, "", "", socket + " is left of a daemon that was killed; the next one replaces it",
           "or remove it:", "rm " + shell_word(socket)}};
}

}  // namespace fauxkey::app::doctor
