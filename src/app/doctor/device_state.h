// What several checks want to know of the device's way from the kernel to a browser.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/doctor/machine.h"

namespace fauxkey::app::doctor {

inline constexpr const char* kUhidNode = "/dev/uhid";

/// The lines of udev/70-fauxkey.rules that do something.
inline constexpr const char* kKeyRule =
    R"(SUBSYSTEM=="hidraw", KERNELS=="0003:1209:F1D0.*", TAG+="uaccess", ENV{ID_FIDO_TOKEN}="1", ENV{ID_SECURITY_TOKEN}="1")";
inline constexpr const char* kUhidRule =
    R"(KERNEL=="uhid", SUBSYSTEM=="misc", TAG+="uaccess", OPTIONS+="static_node=uhid")";

/// The folders of rules, the first outranking the others file by file (udev(7)).
inline constexpr const char* kRuleFolders[] = {"/etc/udev/rules.d", "/run/udev/rules.d",
                                               "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d",
                                               "/lib/udev/rules.d"};

struct RuleState {
  enum class Kind : std::uint8_t {
    missing,
    masked,      ///< an empty file, or a link to /dev/null
    incomplete,  ///< without the rule for /dev/uhid or that for the key
    installed,
  };
  Kind kind = Kind::missing;
  std::string path;      ///< of the file that counts
  std::string beneath;   ///< of a whole one that this one hides; empty where there is none
  bool is_link = false;  ///< the one that counts
};
[[nodiscard]] RuleState rule_state(const Machine& machine);

/// Whether udev looks after devices here.
enum class UdevState : std::uint8_t { running, stopped, absent };
[[nodiscard]] UdevState udev_state(const Machine& machine);

/// Commands, with "SUDO " where they need root (Machine::command).
[[nodiscard]] std::string apply_rules_command();
[[nodiscard]] std::string install_rule_command(const RuleState& state);
/// For who does not sit at the machine: the group fauxkey.
[[nodiscard]] std::string group_command(const Machine& machine);

/// What a person lacks who may not open a node that the rule is about.
struct Access {
  std::string why;
  std::string what_to_do;
  std::string command;  ///< with "SUDO "
};
/// `device`: "c10:239", as udev's database names it.
[[nodiscard]] Access missing_access(const Machine& machine, const std::string& device);

/// Whether udev's rules gave the device to the seat's user, or (by `path`) its group may open it.
[[nodiscard]] bool rule_is_in_force(const Machine& machine, const std::string& device,
                                    const std::string& path);

/// The device number of a node of sysfs, as udev's database names it: "c10:239".
[[nodiscard]] std::string device_name(const Machine& machine, const std::string& folder);

struct HidDevice {
  enum class Origin : std::uint8_t { hardware, uhid, usbip };
  std::string node;    ///< "/dev/hidraw3"
  std::string device;  ///< "c243:3"
  std::string name;    ///< as it says itself: of any origin
  std::string serial;
  std::string phys;
  Origin origin = Origin::hardware;
  /// The process that is this key; 0 where it is none of ours.
  [[nodiscard]] pid_t fauxkey() const;
};
/// All whose report descriptor begins with usage page 0xF1D0 (CTAP 2.3, 11.2.8.2).
[[nodiscard]] std::vector<HidDevice> fido_devices(const Machine& machine);

/// "fauxkey (serial 12AB)", fit to be shown.
[[nodiscard]] std::string shown_name(const HidDevice& device);

}  // namespace fauxkey::app::doctor
