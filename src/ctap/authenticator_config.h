// authenticatorConfig's subcommands, for the command itself and for getInfo's authenticatorConfigCommands.
#pragma once

#include <cstdint>
#include <vector>

#include "authenticator/authenticator.h"

namespace fauxkey::ctap {

enum class ConfigSubCommand : std::uint8_t {
  enable_enterprise_attestation = 0x01,
  toggle_always_uv = 0x02,
  set_min_pin_length = 0x03,
  enable_long_touch_for_reset = 0x04,
};

[[nodiscard]] bool is_supported(const Authenticator& key, ConfigSubCommand sub_command);
[[nodiscard]] std::vector<ConfigSubCommand> config_sub_commands(const Authenticator& key);

}  // namespace fauxkey::ctap
