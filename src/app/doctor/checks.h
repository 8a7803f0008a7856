// Everything that the doctor looks at: one row for each check. Names are for programs too and stay as they
// are; docs/doctor.md has a section on each.
#pragma once

#include <array>
#include <string_view>

#include "app/doctor/finding.h"
#include "app/doctor/machine.h"

namespace fauxkey::app::doctor {

// The device (uhid.cpp, udev.cpp)
[[nodiscard]] Findings look_at_uhid(const Machine& machine);
[[nodiscard]] Findings look_at_module_at_start(const Machine& machine);
[[nodiscard]] Findings look_at_hidraw(const Machine& machine);
[[nodiscard]] Findings look_at_udevd(const Machine& machine);
[[nodiscard]] Findings look_at_udev_rule(const Machine& machine);
[[nodiscard]] Findings look_at_udev_access(const Machine& machine);
// Keys and those who use them (keys.cpp, browsers.cpp, security_modules.cpp)
[[nodiscard]] Findings look_at_keys(const Machine& machine);
[[nodiscard]] Findings look_at_other_keys(const Machine& machine);
[[nodiscard]] Findings look_at_smart_cards(const Machine& machine);
[[nodiscard]] Findings look_at_browsers(const Machine& machine);
[[nodiscard]] Findings look_at_security_modules(const Machine& machine);
// The keystore (store.cpp)
[[nodiscard]] Findings look_at_keystore_files(const Machine& machine);
[[nodiscard]] Findings look_at_unlock(const Machine& machine);
[[nodiscard]] Findings look_at_keystore(const Machine& machine);
// What the program asks of the system (system.cpp)
[[nodiscard]] Findings look_at_clock(const Machine& machine);
[[nodiscard]] Findings look_at_entropy(const Machine& machine);
[[nodiscard]] Findings look_at_memory_lock(const Machine& machine);
[[nodiscard]] Findings look_at_priority(const Machine& machine);
[[nodiscard]] Findings look_at_core_dumps(const Machine& machine);
// The daemon (daemon.cpp)
[[nodiscard]] Findings look_at_prompts(const Machine& machine);
[[nodiscard]] Findings look_at_service(const Machine& machine);
[[nodiscard]] Findings look_at_control(const Machine& machine);

struct Check {
  std::string_view name;
  Findings (*look)(const Machine&);  ///< at least one finding; `check` is filled in by `examine`
};

inline constexpr std::array kChecks{
    Check{"uhid", look_at_uhid},
    Check{"module-at-start", look_at_module_at_start},
    Check{"hidraw", look_at_hidraw},
    Check{"udevd", look_at_udevd},
    Check{"udev-rule", look_at_udev_rule},
    Check{"udev-access", look_at_udev_access},
    Check{"keys", look_at_keys},
    Check{"other-keys", look_at_other_keys},
    Check{"smart-cards", look_at_smart_cards},
    Check{"browsers", look_at_browsers},
    Check{"security-modules", look_at_security_modules},
    Check{"keystore-files", look_at_keystore_files},
    Check{"unlock", look_at_unlock},
    Check{"keystore", look_at_keystore},
    Check{"clock", look_at_clock},
    Check{"entropy", look_at_entropy},
    Check{"memory-lock", look_at_memory_lock},
    Check{"priority", look_at_priority},
    Check{"core-dumps", look_at_core_dumps},
    Check{"prompts", look_at_prompts},
    Check{"service", look_at_service},
    Check{"control", look_at_control},
};

/// All of them, in this order.
[[nodiscard]] Findings examine(const Machine& machine);

}  // namespace fauxkey::app::doctor
