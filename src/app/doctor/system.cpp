// What the program asks of the system: time, random numbers, memory that is not swapped, priority, no core
// dumps.
#include <algorithm>

#include "app/doctor/checks.h"
#include "app/text.h"

namespace fauxkey::app::doctor {
namespace {

constexpr unsigned kCapIpcLock = 14, kCapSysNice = 23;  // linux/capability.h
constexpr std::int64_t kDay = 86400;

std::int64_t written_at(const std::filesystem::path& path) {
  std::error_code failed;
  const auto time = std::filesystem::last_write_time(path, failed);
  if (failed) return 0;
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::file_clock::to_sys(time).time_since_epoch())
      .count();
}

/// What the machine's own clock says, which runs while it is off; 0 where there is none.
std::int64_t hardware_clock(const Machine& machine) {
  std::int64_t seconds = 0;
  for (const char c : machine.read_line("/sys/class/rtc/rtc0/since_epoch")) {
    constexpr std::int64_t kSane = std::int64_t{1} << 40U;
    if (c < '0' || c > '9' || seconds > kSane) return 0;
    seconds = 10 * seconds + (c - '0');
  }
  return seconds;
}

std::string set_clock_command(const Machine& machine, std::int64_t not_before) {
  // At once where the machine's own clock has kept the time; by the network otherwise.
  if (hardware_clock(machine) >= not_before) return machine.command("SUDO hwclock --hctosys");
  return machine.command("SUDO timedatectl set-ntp true");
}

}  // namespace

Findings look_at_clock(const Machine& machine) {
  if (machine.now < machine.program_date - kDay) {
    return {{Result::problem, "", "",
             "it is " + date_and_time(machine.now) +
                 " by this machine's clock, before this program was made; sites' "
                 "certificates and credentials' dates would be wrong",
             "set the clock:", set_clock_command(machine, machine.program_date - kDay)}};
  }
  const auto store = machine.store_path();
  const auto written = store ? written_at(*store) : 0;
  if (written > machine.now + kDay) {
    return {{Result::problem, "", "",
             "the clock was set back: the keystore was written at " + date_and_time(written) +
                 ", and now it is " + date_and_time(machine.now),
             "set the clock:", set_clock_command(machine, written)}};
  }
  if (!machine.clock_synchronised) {
    return {
        {Result::note, "", "", "nothing keeps the clock right",
         machine.in_container() ? "see to it on the container's host" : "have it follow the network's time:",
         machine.in_container() ? "" : machine.command("SUDO timedatectl set-ntp true")}};
  }
  return {{Result::ok, "", "", "the clock is synchronised", "", ""}};
}

Findings look_at_entropy(const Machine& machine) {
  if (machine.random_ready) return {{Result::ok, "", "", "the kernel's random numbers are ready", "", ""}};
  return {{Result::problem, "", "",
           "the kernel has not gathered enough randomness yet, and keys cannot be made until it has",
           "wait a moment, type or move the mouse; a virtual machine needs a virtio-rng device. What the "
           "kernel says:",
           machine.command("SUDO dmesg | grep -i random")}};
}

Findings look_at_memory_lock(const Machine& machine) {
  // Each secret has a page of its own, and a passphrase's key takes some more while it is made.
  constexpr std::uint64_t kEnough = std::uint64_t{1} << 20U;
  if (lines_of(machine.read("/proc/swaps")).size() < 2)
    return {{Result::ok, "", "", "there is no swap to which secrets could go", "", ""}};
  const auto limit = machine.limit("self", "Max locked memory");
  if (machine.is_capable(kCapIpcLock) || !limit || *limit >= kEnough)
    return {{Result::ok, "", "", "secrets are kept out of the swap", "", ""}};
  return {{Result::note, "", "",
           "only " + file_size(*limit) + " of memory may be locked, so secrets may get into the swap",
           "raise the limit: for good by the line \"* - memlock 8192\" in "
           "/etc/security/limits.d/fauxkey.conf, and for this "
           "shell:",
           machine.command("SUDO prlimit --pid $$ --memlock=8388608:8388608")}};
}

/// What the HID thread asks for, on a thread's own account: sched_setscheduler(2).
Findings look_at_priority(const Machine& machine) {
  if (machine.is_capable(kCapSysNice) || machine.limit("self", "Max realtime priority").value_or(0) >= 1) {
    return {{Result::ok, "", "", "the thread that takes hosts' reports may have real-time priority", "", ""}};
  }
  return {{Result::note, "", "",
           "real-time priority is not allowed, so on a busy machine long messages may be lost and browsers "
           "then ask again",
           "allow it: for good by udev/fauxkey.service, or the file udev/limits.d/fauxkey.conf in "
           "/etc/security/limits.d/, "
           "and for this shell:",
           machine.command("SUDO prlimit --pid $$ --rtprio=1:1")}};
}

Findings look_at_core_dumps(const Machine& machine) {
  for (const auto& process : machine.processes()) {
    const bool fauxkey = process.name == "fauxkey" && process.words.size() > 1 && process.words[1] == "run";
    if (!fauxkey || machine.limit(std::to_string(process.id), "Max core file size").value_or(0) == 0)
      continue;
    return {{Result::note, "", "",
             "the fauxkey of process " + std::to_string(process.id) +
                 " may leave its secrets in a core dump (it runs with --debug, or could not switch that off)",
             "start it without --debug, or for now:",
             machine.command("SUDO prlimit --pid " + std::to_string(process.id) + " --core=0:0")}};
  }
  return {{Result::ok, "", "", "fauxkey leaves no core dumps", "", ""}};
}

}  // namespace fauxkey::app::doctor
