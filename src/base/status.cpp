#include "fauxkey/status.h"

#include <array>

namespace fauxkey {
namespace {
struct Row {
  Status status;
  const char* name;
};
constexpr std::array kNames{
    Row{Status::ok, "OK"},
    Row{Status::invalid_command, "INVALID_COMMAND"},
    Row{Status::invalid_parameter, "INVALID_PARAMETER"},
    Row{Status::invalid_length, "INVALID_LENGTH"},
    Row{Status::invalid_seq, "INVALID_SEQ"},
    Row{Status::timeout, "TIMEOUT"},
    Row{Status::channel_busy, "CHANNEL_BUSY"},
    Row{Status::lock_required, "LOCK_REQUIRED"},
    Row{Status::invalid_channel, "INVALID_CHANNEL"},
    Row{Status::cbor_unexpected_type, "CBOR_UNEXPECTED_TYPE"},
    Row{Status::invalid_cbor, "INVALID_CBOR"},
    Row{Status::missing_parameter, "MISSING_PARAMETER"},
    Row{Status::limit_exceeded, "LIMIT_EXCEEDED"},
    Row{Status::fp_database_full, "FP_DATABASE_FULL"},
    Row{Status::large_blob_storage_full, "LARGE_BLOB_STORAGE_FULL"},
    Row{Status::credential_excluded, "CREDENTIAL_EXCLUDED"},
    Row{Status::processing, "PROCESSING"},
    Row{Status::invalid_credential, "INVALID_CREDENTIAL"},
    Row{Status::user_action_pending, "USER_ACTION_PENDING"},
    Row{Status::operation_pending, "OPERATION_PENDING"},
    Row{Status::no_operations, "NO_OPERATIONS"},
    Row{Status::unsupported_algorithm, "UNSUPPORTED_ALGORITHM"},
    Row{Status::operation_denied, "OPERATION_DENIED"},
    Row{Status::key_store_full, "KEY_STORE_FULL"},
    Row{Status::unsupported_option, "UNSUPPORTED_OPTION"},
    Row{Status::invalid_option, "INVALID_OPTION"},
    Row{Status::keepalive_cancel, "KEEPALIVE_CANCEL"},
    Row{Status::no_credentials, "NO_CREDENTIALS"},
    Row{Status::user_action_timeout, "USER_ACTION_TIMEOUT"},
    Row{Status::not_allowed, "NOT_ALLOWED"},
    Row{Status::pin_invalid, "PIN_INVALID"},
    Row{Status::pin_blocked, "PIN_BLOCKED"},
    Row{Status::pin_auth_invalid, "PIN_AUTH_INVALID"},
    Row{Status::pin_auth_blocked, "PIN_AUTH_BLOCKED"},
    Row{Status::pin_not_set, "PIN_NOT_SET"},
    Row{Status::puat_required, "PUAT_REQUIRED"},
    Row{Status::pin_policy_violation, "PIN_POLICY_VIOLATION"},
    Row{Status::request_too_large, "REQUEST_TOO_LARGE"},
    Row{Status::action_timeout, "ACTION_TIMEOUT"},
    Row{Status::up_required, "UP_REQUIRED"},
    Row{Status::uv_blocked, "UV_BLOCKED"},
    Row{Status::integrity_failure, "INTEGRITY_FAILURE"},
    Row{Status::invalid_subcommand, "INVALID_SUBCOMMAND"},
    Row{Status::uv_invalid, "UV_INVALID"},
    Row{Status::unauthorized_permission, "UNAUTHORIZED_PERMISSION"},
    Row{Status::other, "OTHER"},
};
}  // namespace

const char* name_of(Status status) {
  for (const auto& row : kNames) {
    if (row.status == status) return row.name;
  }
  return "UNKNOWN";
}

}  // namespace fauxkey
