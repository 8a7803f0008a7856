// A machine in a folder, for the doctor: files as /proc, /sys and /etc have them, and answers as a kernel
// gives them.
#pragma once

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "app/doctor/checks.h"
#include "app/doctor/device_state.h"
#include "keystore_fixture.h"

namespace fauxkey::test::machines {

namespace fs = std::filesystem;
using app::doctor::Finding;
using app::doctor::Findings;
using app::doctor::Result;

/// An ordinary desktop of alice's: uhid loaded and hers by udev, nothing wrong.
struct FakeMachine {
  TemporaryFolder folder;
  app::doctor::Machine machine;
  std::map<std::string, std::string> variables{{"PATH", "/usr/bin"}, {"HOME", "/home/alice"}};
  std::map<std::string, int> errors;  ///< of nodes that cannot be opened
  std::vector<std::vector<std::string>> ran;
  std::map<std::string, app::doctor::Ran> programs;  ///< by their names, or name and second argument

  FakeMachine() {
    machine.root = folder.path();
    machine.store.store = (folder / "store/keystore.db").string();
    machine.store.unlock = "keyfile:" + (folder / "store/unlock.key").string();
    machine.user = ::getuid() == 0 ? 1000 : ::getuid();
    machine.user_name = "alice";
    machine.groups = {machine.user};
    machine.kernel = "6.1.0-30-amd64";
    machine.now = 1'800'000'000;
    machine.program_date = 1'700'000'000;
    machine.variable = [this](const char* name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional{found->second};
    };
    machine.open_device = [this](const std::string& path) {
      const auto found = errors.find(path);
      return found == errors.end() ? 0 : found->second;
    };
    machine.probe = [](const std::string&) { return app::ProbeAnswer{}; };
    machine.run = [this](const std::vector<std::string>& words) -> std::optional<app::doctor::Ran> {
      ran.push_back(words);
      auto found = programs.find(words.front());
      if (words.size() > 2 && programs.contains(words[0] + " " + words[2]))
        found = programs.find(words[0] + " " + words[2]);
      return found == programs.end() ? std::nullopt : std::optional{found->second};
    };
    write("/lib/modules/6.1.0-30-amd64/modules.dep",
          "kernel/drivers/hid/uhid.ko: kernel/drivers/hid/hid.ko\n");
    write("/lib/modules/6.1.0-30-amd64/modules.builtin", "kernel/fs/ext4.ko\n");
    write("/usr/lib/modules-load.d/fauxkey.conf", "# at each start\nuhid\n");
    write("/sys/class/misc/uhid/dev", "10:239\n");
    write("/sys/class/hidraw/none", "");
    write("/dev/uhid", "");
    write("/run/udev/control", "");
    write("/run/udev/data/c10:239", "I:1\nG:uaccess\nQ:uaccess\nV:1\n");
    write("/usr/lib/udev/rules.d/70-fauxkey.rules",
          std::string{app::doctor::kKeyRule} + "\n" + app::doctor::kUhidRule + "\n");
    write("/lib/systemd/systemd-udevd", "");
    process(1, "systemd", {"/sbin/init"});
    process(300, "systemd-udevd", {"/lib/systemd/systemd-udevd"});
    write("/proc/self/status", "Name:\tfauxkey\nCapEff:\t0000000000000000\n");
    limits("self", "8388608", "1");
    write("/proc/swaps", "Filename Type Size Used Priority\n/swapfile file 2097148 0 -2\n");
  }

  void write(const std::string& path, const std::string& text) const {
    const auto whole = machine.at(path);
    fs::create_directories(whole.parent_path());
    std::ofstream{whole} << text;
  }
  void remove(const std::string& path) const { fs::remove_all(machine.at(path)); }
  void link(const std::string& target, const std::string& path) const {
    const auto whole = machine.at(path);
    fs::create_directories(whole.parent_path());
    fs::create_symlink(target, whole);
  }
  void program(const std::string& path, const std::string& text = "#!/bin/sh\n") const {
    write(path, text);
    fs::permissions(machine.at(path), fs::perms::owner_all);
  }
  void process(int id, const std::string& name, const std::vector<std::string>& words = {}) const {
    const auto in = "/proc/" + std::to_string(id);
    write(in + "/comm", name + "\n");
    std::string line;
    for (const auto& word : words) line += word + '\0';
    write(in + "/cmdline", line);
  }
  void limits(const std::string& id, const std::string& locked, const std::string& real_time,
              const std::string& core = "0") const {
    write("/proc/" + id + "/limits",
          "Limit                     Soft Limit           Hard Limit           Units     \n"
          "Max core file size        " +
              core +
              "                    unlimited            bytes     \n"
              "Max locked memory         " +
              locked +
              "              8388608              bytes     \n"
              "Max realtime priority     " +
              real_time + "                    0                    \n");
  }
  /// A HID device with this name's node; `where` is its place in sysfs.
  void hid(const std::string& node, const std::string& where, const std::string& name,
           const std::string& serial, const std::string& phys,
           const std::string& descriptor = "\x06\xd0\xf1\x09\x01") const {
    const std::string device = "/sys/devices/" + where;
    write(device + "/uevent", "HID_ID=0003:00001209:0000F1D0\nHID_NAME=" + name + "\nHID_PHYS=" + phys +
                                  "\nHID_UNIQ=" + serial + "\n");
    write(device + "/report_descriptor", descriptor);
    const std::string hidraw = device + "/hidraw/" + node;
    write(hidraw + "/dev", "243:" + node.substr(6) + "\n");
    link(machine.at(device).string(), hidraw + "/device");
    link(machine.at(hidraw).string(), "/sys/class/hidraw/" + node);
    write("/dev/" + node, "");
    write("/run/udev/data/c243:" + node.substr(6), "G:uaccess\nE:ID_FIDO_TOKEN=1\n");
  }
  void fauxkey(const std::string& node, int process_id, const std::string& serial) const {
    hid(node, "virtual/misc/uhid/0003:1209:F1D0." + node, "fauxkey", serial,
        "fauxkey/" + std::to_string(process_id) + "/0");
    process(process_id, "fauxkey", {"fauxkey", "run"});
    limits(std::to_string(process_id), "8388608", "1");
  }
};

/// The only finding of a check that has one.
inline Finding only(const Findings& findings) {
  REQUIRE(findings.size() == 1);
  return findings.front();
}

inline Finding about(const Findings& findings, const std::string& subject) {
  const auto found = std::ranges::find(findings, subject, &Finding::subject);
  REQUIRE_MESSAGE(found != findings.end(), "nothing is said of ", subject);
  return *found;
}

inline bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace fauxkey::test::machines
