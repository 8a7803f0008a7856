// What the doctor makes of machines that the tests cannot be: each is a tree of files.
#include "doctor_fixture.h"

#include <fstream>
#include <set>

#include "app/doctor/report.h"
#include "app/error.h"

namespace doctor_test {
namespace {

using namespace fauxkey;
using namespace fauxkey::test;
using namespace fauxkey::test::machines;
using namespace fauxkey::app::doctor;

TEST_CASE("the doctor finds nothing wrong with an ordinary desktop, and says so of each check") {
  const FakeMachine fake;
  const auto findings = examine(fake.machine);
  std::set<std::string> told;
  for (const auto& finding : findings) {
    CAPTURE(finding.check);
    CAPTURE(finding.text);
    CHECK_FALSE(finding.text.empty());
    CHECK_FALSE(finding.text.ends_with('.'));
    CHECK((finding.result == Result::ok || finding.check == "keys" || finding.check == "prompts" ||
           finding.check == "control"));
    told.insert(finding.check);
  }
  CHECK(told.size() == kChecks.size());
  CHECK(exit_status(findings) == app::kDone);
}

TEST_CASE("the doctor's rules are those of the file that is installed") {
  std::ifstream file{std::string{FAUXKEY_SOURCE_DIR} + "/udev/70-fauxkey.rules"};
  std::vector<std::string> rules;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') rules.push_back(line);
  }
  CHECK(rules == std::vector<std::string>{kKeyRule, kUhidRule});
}

TEST_CASE("uhid: a module that is not loaded is told from one that is kept out, gone or not there") {
  FakeMachine fake;
  fake.errors["/dev/uhid"] = ENOENT;
  fake.remove("/sys/class/misc/uhid");
  SUBCASE("not loaded") {
    const auto finding = only(look_at_uhid(fake.machine));
    CHECK(finding.result == Result::problem);
    CHECK(finding.text == "the kernel module uhid is not loaded");
    CHECK(finding.command == "sudo modprobe uhid");
  }
  SUBCASE("as root no sudo is needed") {
    fake.machine.user = 0;
    CHECK(only(look_at_uhid(fake.machine)).command == "modprobe uhid");
  }
  SUBCASE("kept out by modprobe.d") {
    fake.write("/etc/modprobe.d/hardening.conf", "# no\ninstall\tuhid  /bin/false\n");
    const auto finding = only(look_at_uhid(fake.machine));
    CHECK(finding.result == Result::problem);
    CHECK(has(finding.text, "/etc/modprobe.d/hardening.conf keeps it out"));
    CHECK(has(finding.command, "sudo sed -i"));
    CHECK(finding.command.ends_with("/etc/modprobe.d/hardening.conf && sudo modprobe uhid"));
  }
  SUBCASE("a kernel that takes no more modules") {
    fake.write("/proc/sys/kernel/modules_disabled", "1\n");
    CHECK(has(only(look_at_uhid(fake.machine)).text, "takes no more modules"));
  }
  SUBCASE("loaded or built in, without a node") {
    fake.write("/lib/modules/6.1.0-30-amd64/modules.builtin", "kernel/drivers/hid/uhid.ko\n");
    CHECK(has(only(look_at_uhid(fake.machine)).command, "mknod -m 0600 /dev/uhid c 10 239"));
  }
  SUBCASE("a kernel that was updated under the running one") {
    fs::rename(fake.machine.at("/lib/modules/6.1.0-30-amd64"),
               fake.machine.at("/lib/modules/6.1.0-31-amd64"));
    const auto finding = only(look_at_uhid(fake.machine));
    CHECK(finding.result == Result::problem);
    CHECK(finding.command == "sudo reboot");
  }
  SUBCASE("a kernel without it") {
    fake.write("/lib/modules/6.1.0-30-amd64/modules.dep", "kernel/drivers/hid/hid.ko:\n");
    CHECK(only(look_at_uhid(fake.machine)).result == Result::impossible);
    CHECK(exit_status(examine(fake.machine)) == app::kCannotRunHere);
  }
  SUBCASE("Ubuntu's kernels for clouds have it in another package") {
    fake.machine.kernel = "6.8.0-1021-azure";
    fake.write("/lib/modules/6.8.0-1021-azure/modules.dep", "kernel/drivers/hid/hid.ko:\n");
    fake.write("/etc/os-release", "NAME=\"Ubuntu\"\nID=ubuntu\n");
    CHECK(only(look_at_uhid(fake.machine)).command ==
          "sudo apt-get install linux-modules-extra-6.8.0-1021-azure && sudo modprobe uhid");
  }
  SUBCASE("Debian's cloud kernels have none") {
    fake.machine.kernel = "6.1.0-30-cloud-amd64";
    fake.write("/lib/modules/6.1.0-30-cloud-amd64/modules.dep", "kernel/drivers/hid/hid.ko:\n");
    CHECK(only(look_at_uhid(fake.machine)).command == "sudo apt-get install linux-image-amd64");
  }
  SUBCASE("a container cannot load modules") {
    fake.write("/run/.containerenv", "");
    const auto finding = only(look_at_uhid(fake.machine));
    CHECK(finding.result == Result::impossible);
    CHECK(has(finding.what_to_do, "--device /dev/uhid"));
  }
}

TEST_CASE("module-at-start: where it is asked for, and where that is blacklisted") {
  const FakeMachine fake;
  CHECK(has(only(look_at_module_at_start(fake.machine)).text, "/usr/lib/modules-load.d/fauxkey.conf"));
  fake.write("/etc/modprobe.d/x.conf", "blacklist uhid\n");
  CHECK(only(look_at_module_at_start(fake.machine)).result == Result::note);
  fake.remove("/etc/modprobe.d");
  fake.remove("/usr/lib/modules-load.d");
  CHECK(has(only(look_at_module_at_start(fake.machine)).command, "tee /etc/modules-load.d/fauxkey.conf"));
}

TEST_CASE("uhid: who may not open it is told which of the steps to access is missing") {
  FakeMachine fake;
  fake.errors["/dev/uhid"] = EACCES;
  fake.write("/run/systemd/sessions/1",
             "UID=" + std::to_string(fake.machine.user) + "\nACTIVE=1\nSEAT=seat0\n");
  const auto looked = [&] { return only(look_at_uhid(fake.machine)); };
  SUBCASE("no rule") {
    fake.remove("/usr/lib/udev");
    CHECK(has(looked().text, "udev rule is not installed"));
    CHECK(has(looked().command, "sudo tee /etc/udev/rules.d/70-fauxkey.rules"));
    CHECK(only(look_at_udev_rule(fake.machine)).result == Result::problem);
  }
  SUBCASE("a rule that udev has not applied") {
    SUBCASE("ever") { fake.write("/run/udev/data/c10:239", "I:1\n"); }
    SUBCASE("since it was taken away") { fake.write("/run/udev/data/c10:239", "I:1\nG:uaccess\nV:1\n"); }
    CHECK(has(looked().text, "has not been applied"));
    CHECK(has(looked().command, "sudo udevadm trigger"));
    CHECK(about(look_at_udev_access(fake.machine), "/dev/uhid").result == Result::problem);
  }
  SUBCASE("a login that is not at the machine's seat") {
    fake.write("/run/systemd/sessions/1",
               "UID=" + std::to_string(fake.machine.user) + "\nACTIVE=1\nREMOTE=1\n");
    CHECK(has(looked().text, "this login is elsewhere"));
    CHECK(has(looked().command, "usermod -aG fauxkey alice"));
  }
  SUBCASE("another person's seat") {
    fake.write("/run/systemd/sessions/1", "UID=4242\nACTIVE=1\nSEAT=seat0\n");
    CHECK(has(looked().text, "this login is elsewhere"));
  }
  SUBCASE("a group that was joined after the login") {
    fake.write("/etc/group", "root:x:0:\nfauxkey:x:987:bob,alice\n");
    fake.write("/etc/udev/rules.d/71-fauxkey-group.rules", "\n");
    CHECK(looked().command == "newgrp fauxkey");
  }
  SUBCASE("all of them there") { CHECK(has(looked().what_to_do, "log out and in again")); }
  for (const auto& finding : look_at_uhid(fake.machine)) CHECK(finding.result == Result::problem);
}

TEST_CASE("udev-rule: the file that counts is the one of the first folder, even if it is empty") {
  const FakeMachine fake;
  const auto looked = [&] { return only(look_at_udev_rule(fake.machine)); };
  CHECK(has(looked().text, "/usr/lib/udev/rules.d/70-fauxkey.rules"));
  SUBCASE("masked by a link") {
    fake.link("/dev/null", "/etc/udev/rules.d/70-fauxkey.rules");
    CHECK(looked().result == Result::note);  // alice can open it all the same
    CHECK(has(looked().text, "masked"));
    CHECK(has(looked().command, "sudo rm /etc/udev/rules.d/70-fauxkey.rules"));
    CHECK_FALSE(has(looked().command, "tee"));
  }
  SUBCASE("outranked by one that lacks a rule") {
    fake.write("/etc/udev/rules.d/70-fauxkey.rules", std::string{"#"} + kUhidRule + "\n" + kKeyRule + "\n");
    CHECK(has(looked().text, "lacks the rule"));
  }
  SUBCASE("the same one by another name") {
    fake.link("../../../usr/lib/udev/rules.d", "/lib/udev/rules.d");
    CHECK_FALSE(has(looked().text, "outranks"));
  }
  SUBCASE("outranked by a whole one") {
    fake.write("/etc/udev/rules.d/70-fauxkey.rules", std::string{kUhidRule} + "\n" + kKeyRule + "\n");
    CHECK(looked().result == Result::ok);
    CHECK(has(looked().text, "which outranks /usr/lib"));
  }
}

TEST_CASE("udevd: stopped, absent, and unseen for who may not see other processes") {
  const FakeMachine fake;
  fake.remove("/proc/300");
  SUBCASE("stopped, under systemd") {
    fake.write("/run/systemd/system/x", "");
    CHECK(only(look_at_udevd(fake.machine)).result == Result::problem);
    CHECK(only(look_at_udevd(fake.machine)).command == "sudo systemctl start systemd-udevd");
  }
  SUBCASE("stopped, without systemd") {
    CHECK(has(only(look_at_udevd(fake.machine)).command, "sudo /lib/systemd/systemd-udevd --daemon"));
  }
  SUBCASE("not installed") {
    fake.remove("/lib/systemd");
    CHECK(only(look_at_udevd(fake.machine)).result == Result::note);
  }
  SUBCASE("hidden") {
    fake.remove("/proc/1");
    CHECK(only(look_at_udevd(fake.machine)).result == Result::ok);
  }
}

TEST_CASE(
    "keys: what answers is ok, what does not is a problem, and no HID device of another kind is asked") {
  FakeMachine fake;
  std::vector<std::string> asked;
  fake.machine.probe = [&](const std::string& node) -> std::expected<app::ProbeAnswer, std::string> {
    asked.push_back(node);
    if (node == "/dev/hidraw1") return std::unexpected{"does not answer within 3 s"};
    return app::ProbeAnswer{};
  };
  fake.fauxkey("hidraw0", 700, "A1");
  fake.fauxkey("hidraw1", 701, "B2");
  fake.hid("hidraw2", "pci0000:00/usb1/1-1/0003:046D:C31C.0001", "Keyboard", "", "usb-1", "\x05\x01\x09\x06");
  const auto findings = look_at_keys(fake.machine);
  CHECK(asked == std::vector<std::string>{"/dev/hidraw0", "/dev/hidraw1"});
  CHECK(about(findings, "/dev/hidraw0").text == "fauxkey (serial A1) speaks U2F only");
  CHECK(about(findings, "/dev/hidraw1").result == Result::problem);
  CHECK(has(about(findings, "/dev/hidraw1").command, "kill 701"));
}

TEST_CASE("other-keys: hardware, another program's virtual key, and a second copy of ours") {
  const FakeMachine fake;
  fake.fauxkey("hidraw0", 700, "A1");
  CHECK(only(look_at_other_keys(fake.machine)).result == Result::ok);
  SUBCASE("hardware") {
    fake.hid("hidraw1", "pci0000:00/usb1/1-1/0003:1050:0407.0001", "Yubico YubiKey", "",
             "usb-0000:00:14.0-1/input0");
    CHECK(only(look_at_other_keys(fake.machine)).result == Result::ok);
    CHECK(has(only(look_at_other_keys(fake.machine)).text, "Yubico YubiKey"));
  }
  SUBCASE("another program's, found by who has /dev/uhid open") {
    fake.hid("hidraw1", "virtual/misc/uhid/0003:15D9:0A37.0002", "tpm-fido", "", "");
    fake.process(800, "tpm-fido");
    fake.link("/dev/uhid", "/proc/800/fd/5");
    fake.process(801, "bluetoothd");
    fake.link("/dev/uhid", "/proc/801/fd/7");
    fake.link("/dev/uhid", "/proc/700/fd/3");
    const auto finding = only(look_at_other_keys(fake.machine));
    CHECK(finding.result == Result::note);
    CHECK(has(finding.text, "process 800 (tpm-fido)"));
    CHECK(finding.command.ends_with("kill 800"));
  }
  SUBCASE("by USB/IP") {
    fake.hid("hidraw1", "platform/vhci_hcd.0/usb3/3-1/0003:0000:0000.0001", "Virtual FIDO", "", "");
    CHECK(has(only(look_at_other_keys(fake.machine)).text, "USB/IP"));
  }
  SUBCASE("a name that is out to deceive is escaped") {
    fake.hid("hidraw1", "virtual/misc/uhid/0003:0000:0000.0003", "key\x1b[2J", "", "");
    CHECK_FALSE(has(only(look_at_other_keys(fake.machine)).text, "\x1b"));
  }
  SUBCASE("the same serial twice") {
    fake.fauxkey("hidraw1", 702, "A1");
    const auto finding = only(look_at_other_keys(fake.machine));
    CHECK(finding.result == Result::problem);
    CHECK(finding.command.ends_with("kill 702"));
  }
}

TEST_CASE("smart-cards: pcscd is named where it runs") {
  const FakeMachine fake;
  CHECK(has(only(look_at_smart_cards(fake.machine)).text, "no smart-card service"));
  fake.process(900, "pcscd");
  CHECK(has(only(look_at_smart_cards(fake.machine)).text, "pcscd runs"));
}

TEST_CASE("security-modules: what was denied to a key is shown, whatever module did it") {
  const FakeMachine fake;
  const auto looked = [&] { return only(look_at_security_modules(fake.machine)); };
  CHECK(looked().text == "neither SELinux nor AppArmor is in force");
  fake.write("/sys/fs/selinux/enforce", "1");
  CHECK(has(looked().text, "SELinux is enforcing"));
  SUBCASE("SELinux") {
    fake.write(
        "/var/log/audit/audit.log",
        "type=AVC msg=audit(1.2:3): avc:  denied  { read } for  pid=1 comm=\"other\" name=\"x\"\n"
        "type=AVC msg=audit(1.2:4): avc:  denied  { open } for  pid=7 comm=\"fauxkey\" path=\"/dev/uhid\"\n");
    CHECK(looked().result == Result::note);
    CHECK(has(looked().text, "comm=\"fauxkey\""));
    CHECK(has(looked().command, "audit2allow"));
  }
  SUBCASE("AppArmor") {
    fake.write(
        "/dev/kmsg",
        "5,1,2,-;audit: apparmor=\"DENIED\" operation=\"open\" profile=\"my key\" name=\"/dev/uhid\"\n");
    CHECK(looked().command == "sudo aa-complain 'my key'");
  }
  SUBCASE("a snap's") {
    fake.write("/dev/kmsg",
               "5,1,2,-;audit: apparmor=\"DENIED\" profile=\"snap.firefox.firefox\" name=\"/dev/hidraw3\"\n");
    CHECK(has(looked().what_to_do, "the check browsers"));
  }
  SUBCASE("other programs' affairs are not") {
    fake.write("/dev/kmsg", "5,1,2,-;audit: apparmor=\"DENIED\" profile=\"cups\" name=\"/etc/x\"\n");
    CHECK(looked().result == Result::ok);
  }
}

TEST_CASE("clock: before the program was made, set back since the keystore was written, or kept by nothing") {
  FakeMachine fake;
  const auto looked = [&] { return only(look_at_clock(fake.machine)); };
  SUBCASE("before the program") {
    fake.machine.now = 1'000'000'000;
    CHECK(looked().result == Result::problem);
    CHECK(has(looked().text, "2001-09-09"));
    CHECK(looked().command == "sudo timedatectl set-ntp true");
    fake.write("/sys/class/rtc/rtc0/since_epoch", "1800000000\n");
    CHECK(looked().command == "sudo hwclock --hctosys");
  }
  SUBCASE("before the keystore's last change") {
    fake.write("/store/keystore.db", "");
    fake.machine.now = fake.machine.program_date;  // which is long ago
    CHECK(has(looked().text, "was set back"));
  }
  SUBCASE("not synchronised") {
    fake.machine.clock_synchronised = false;
    CHECK(looked().result == Result::note);
  }
}

TEST_CASE("entropy: a kernel that has none yet is a problem") {
  FakeMachine fake;
  fake.machine.random_ready = false;
  CHECK(only(look_at_entropy(fake.machine)).result == Result::problem);
}

TEST_CASE("memory-lock and priority: limits matter to who has no capability beyond them") {
  const FakeMachine fake;
  fake.limits("self", "65536", "0");
  CHECK(only(look_at_memory_lock(fake.machine)).result == Result::note);
  CHECK(has(only(look_at_memory_lock(fake.machine)).command, "--memlock"));
  CHECK(only(look_at_priority(fake.machine)).result == Result::note);
  SUBCASE("no swap") {
    fake.write("/proc/swaps", "Filename Type Size Used Priority\n");
    CHECK(only(look_at_memory_lock(fake.machine)).result == Result::ok);
  }
  SUBCASE("capabilities") {
    fake.write("/proc/self/status", "CapEff:\t0000000000804000\n");  // CAP_IPC_LOCK and CAP_SYS_NICE
    CHECK(only(look_at_memory_lock(fake.machine)).result == Result::ok);
    CHECK(only(look_at_priority(fake.machine)).result == Result::ok);
  }
}

TEST_CASE("core-dumps: a running fauxkey that may leave one is named") {
  const FakeMachine fake;
  fake.fauxkey("hidraw0", 700, "A1");
  CHECK(only(look_at_core_dumps(fake.machine)).result == Result::ok);
  fake.limits("700", "8388608", "1", "unlimited");
  CHECK(has(only(look_at_core_dumps(fake.machine)).command, "prlimit --pid 700 --core=0:0"));
}

TEST_CASE("prompts: some way to ask is enough") {
  FakeMachine fake;
  const auto looked = [&] { return only(look_at_prompts(fake.machine)); };
  CHECK(looked().result == Result::note);
  SUBCASE("pinentry") {
    fake.program("/usr/bin/pinentry");
    CHECK(has(looked().text, "pinentry (/usr/bin/pinentry)"));
  }
  SUBCASE("a bus and a service that shows notifications") {
    fake.variables["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/run/user/1000/bus";
    CHECK(looked().result == Result::note);
    fake.write("/usr/share/dbus-1/services/d.service",
               "[D-BUS Service]\nName=org.freedesktop.Notifications\nExec=/usr/bin/d\n");
    CHECK(has(looked().text, "desktop notifications"));
  }
  SUBCASE("a bus on which somebody shows them") {
    fake.variables["XDG_RUNTIME_DIR"] = "/run/user/1000";
    fake.write("/run/user/1000/bus", "");
    fake.programs["busctl"] = {0, "b true\n"};
    CHECK(has(looked().text, "desktop notifications"));
  }
  SUBCASE("FAUXKEY_PINENTRY that names nothing") {
    fake.variables["FAUXKEY_PINENTRY"] = "/opt/none";
    fake.program("/usr/bin/pinentry");
    CHECK(looked().command == "unset FAUXKEY_PINENTRY");
  }
  SUBCASE("a terminal") {
    fake.machine.has_terminal = true;
    CHECK(looked().result == Result::ok);
  }
  SUBCASE("none, where packages can be had") {
    fake.program("/usr/bin/apt-get");
    fake.variables["DISPLAY"] = ":0";
    CHECK(looked().command == "sudo apt-get install pinentry-gnome3");
  }
}

TEST_CASE("service: what systemd says of the user's unit") {
  FakeMachine fake;
  const auto looked = [&] { return only(look_at_service(fake.machine)); };
  CHECK(looked().result == Result::ok);
  struct Row {
    const char* properties;
    Result result;
    const char* command;
  };
  const Row rows[] = {
      {"LoadState=not-found\nActiveState=inactive\n", Result::ok, ""},
      {"LoadState=loaded\nUnitFileState=enabled\nActiveState=active\n", Result::ok, ""},
      {"LoadState=loaded\nUnitFileState=disabled\nActiveState=inactive\n", Result::ok, ""},
      {"LoadState=masked\nActiveState=inactive\n", Result::note, "systemctl --user unmask fauxkey.service"},
      {"LoadState=loaded\nActiveState=failed\nResult=exit-code\n", Result::problem,
       "systemctl --user reset-failed fauxkey.service && systemctl --user start fauxkey.service"},
      {"LoadState=loaded\nActiveState=active\nNeedDaemonReload=yes\n", Result::note,
       "systemctl --user daemon-reload"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.properties);
    fake.programs["systemctl"] = {0, row.properties};
    CHECK(looked().result == row.result);
    CHECK(looked().command == row.command);
  }
  fake.programs["systemctl"] = {0, rows[2].properties};
  CHECK(has(looked().text, "not enabled"));
  fake.programs["systemctl is-active"] = {0, "active\n"};
  CHECK(has(looked().text, "when its control socket is used"));
}

TEST_CASE("control: the folder for its socket is this user's alone, and somebody listens there") {
  FakeMachine fake;
  const auto looked = [&] { return only(look_at_control(fake.machine)); };
  CHECK(looked().result == Result::note);
  fake.write("/run/user/" + std::to_string(fake.machine.user) + "/x", "");
  CHECK(has(looked().command, "export XDG_RUNTIME_DIR=/run/user/"));
  fake.variables["XDG_RUNTIME_DIR"] = "/run/user/7";
  CHECK(looked().command == "mkdir -m 700 -p /run/user/7");
  fake.write("/run/user/7/x", "");
  fs::permissions(fake.machine.at("/run/user/7"), fs::perms::all);
  CHECK(looked().command == "chmod 700 /run/user/7");
  fs::permissions(fake.machine.at("/run/user/7"), fs::perms::owner_all);
  CHECK(looked().result == Result::ok);
  fake.write("/run/user/7/fauxkey/control.sock", "");
  CHECK(looked().command == "rm /run/user/7/fauxkey/control.sock");
  fake.write("/proc/net/unix",
             "Num       RefCount Protocol Flags    Type St Inode Path\n"
             "0000000000000000: 00000002 00000000 00010000 0001 01 4711 /run/user/7/fauxkey/control.sock\n");
  CHECK(has(looked().text, "a daemon listens"));
}

TEST_CASE("the report: aligned, folded to the terminal, coloured when asked, and commands in one piece") {
  const Findings findings{{Result::ok, "uhid", "", "all is well", "", ""},
                          {Result::problem, "keys", "/dev/hidraw0",
                           "it does not answer although it should by all that is known", "start it anew:",
                           "kill 1 && fauxkey run --store '/a very long path/that does not fit into the "
                           "width of this terminal'"}};
  const auto plain = to_text(findings, {});
  CHECK(has(plain, "ok          uhid              all is well\n"));
  CHECK(has(plain, "problem     keys              /dev/hidraw0: it does not answer"));
  CHECK(has(plain, "\n1 problem.\n"));
  CHECK_FALSE(has(plain, "\x1b"));
  const auto narrow = to_text(findings, {.columns = 60, .colour = true});
  CHECK(has(narrow, "\x1b[1;31mproblem\x1b[0m"));
  CHECK(has(narrow, findings[1].command));
  for (const auto& line : lines_of(narrow)) {
    if (!has(line, "kill 1") && !has(line, "\x1b")) CHECK(line.size() <= 60);
  }
}

TEST_CASE("words for a shell stay one word each") {
  CHECK(shell_word("/home/a/keystore.db") == "/home/a/keystore.db");
  CHECK(shell_word("it's; rm -rf $HOME") == R"('it'\''s; rm -rf $HOME')");
  CHECK(shell_word("") == "''");
}

}  // namespace
}  // namespace doctor_test
