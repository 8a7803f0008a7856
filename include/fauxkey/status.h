// The status byte that begins every CTAP2 answer (CTAP 2.3, section 8.2 "Status codes").
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace fauxkey {

enum class Status : std::uint8_t {
  ok = 0x00,
  invalid_command = 0x01,
  invalid_parameter = 0x02,
  invalid_length = 0x03,
  invalid_seq = 0x04,
  timeout = 0x05,
  channel_busy = 0x06,
  lock_required = 0x0A,
  invalid_channel = 0x0B,
  cbor_unexpected_type = 0x11,
  invalid_cbor = 0x12,
  missing_parameter = 0x14,
  limit_exceeded = 0x15,
  fp_database_full = 0x17,
  large_blob_storage_full = 0x18,
  credential_excluded = 0x19,
  processing = 0x21,
  invalid_credential = 0x22,
  user_action_pending = 0x23,
  operation_pending = 0x24,
  no_operations = 0x25,
  unsupported_algorithm = 0x26,
  operation_denied = 0x27,
  key_store_full = 0x28,
  unsupported_option = 0x2B,
  invalid_option = 0x2C,
  keepalive_cancel = 0x2D,
  no_credentials = 0x2E,
  user_action_timeout = 0x2F,
  not_allowed = 0x30,
  pin_invalid = 0x31,
  pin_blocked = 0x32,
  pin_auth_invalid = 0x33,
  pin_auth_blocked = 0x34,
  pin_not_set = 0x35,
  puat_required = 0x36,
  pin_policy_violation = 0x37,
  request_too_large = 0x39,
  action_timeout = 0x3A,
  up_required = 0x3B,
  uv_blocked = 0x3C,
  integrity_failure = 0x3D,
  invalid_subcommand = 0x3E,
  uv_invalid = 0x3F,
  unauthorized_permission = 0x40,
  other = 0x7F,
};

/// Why a command ends without its result.
struct Refusal {
  Status status;
  /// For a person who tests a relying party or a client: a clause in the specification's words, with section
  /// and step where they help ("6.6: the ten seconds after power-up are over (12 s)"). Holds no secret, and a
  /// host's own texts only as user/display_text.h makes them.
  std::string why;

  friend bool operator==(const Refusal& refusal, Status other) { return refusal.status == other; }
};

/// What a step of a command gives: a value, or the refusal that ends the command.
template <class T>
using Result = std::expected<T, Refusal>;

[[nodiscard]] inline std::unexpected<Refusal> fail(Status status, std::string why) {
  return std::unexpected{Refusal{status, std::move(why)}};
}
/// Passes on what a step refused.
[[nodiscard]] inline std::unexpected<Refusal> fail(Refusal refusal) {
  return std::unexpected{std::move(refusal)};
}

/// The specification's name without its prefix: "PIN_AUTH_INVALID"; "UNKNOWN" for other values.
[[nodiscard]] const char* name_of(Status status);

}  // namespace fauxkey
