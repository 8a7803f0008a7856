// Metadata of a kind of key for relying parties (FIDO Metadata Statement 3, FIDO Metadata Service 3): what
// the kind says of itself, read out of the key, and the signed list (BLOB) of several.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/json.h"
#include "fauxkey/attestation_root.h"
#include "fauxkey/clock.h"
#include "fauxkey/key_config.h"

namespace fauxkey::control {

/// AuthenticatorStatus (Metadata Service 3.1.3).
[[nodiscard]] std::span<const std::string_view> metadata_statuses();

/// A date as metadata has it, "2026-11-22"; nothing where the text is none.
[[nodiscard]] std::string metadata_date(std::int64_t unix_time);
[[nodiscard]] bool is_metadata_date(std::string_view text);

/// The statement of keys with this configuration that attest under this root. Throws std::runtime_error where
/// there can be no such key.
[[nodiscard]] Json metadata_statement(const KeyConfig& config,
                                      const std::shared_ptr<const AttestationRoot>& root, Clock& clock);

struct StatusReport {
  std::string status;  ///< of metadata_statuses
  std::string date;    ///< since when
};
struct MetadataEntry {
  Json statement;
  /// Besides NOT_FIDO_CERTIFIED, which each has: nobody certified a virtual key.
  std::vector<StatusReport> reports;
};
struct MetadataList {
  std::vector<MetadataEntry> entries;
  std::uint64_t number = 1;
  std::string date;         ///< of today
  std::string next_update;  ///< in the past: a list that is out of date
  bool bad_signature = false;
};
/// The BLOB: a JWT, signed by a certificate right under the root.
[[nodiscard]] std::string metadata_blob(const MetadataList& list, const AttestationRoot& root);

}  // namespace fauxkey::control
