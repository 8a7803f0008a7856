// What authenticatorConfig sets (CTAP 2.3, 6.11), kept until a reset.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fauxkey/credential_store.h"
#include "fauxkey/status.h"

namespace fauxkey {

struct Settings {
  bool always_uv = false;
  bool enterprise_attestation = false;
  bool long_touch_for_reset = false;
  /// The PIN must be changed before it gives a token again.
  bool force_pin_change = false;
  bool pin_complexity_policy = false;
  std::uint64_t min_pin_length = 4;  ///< code points
  /// Relying parties that may read the two above by extension.
  std::vector<std::string> min_pin_length_rp_ids;

  [[nodiscard]] bool may_read_pin_policy(const std::string& rp_id) const;
};

/// `initial`: those of a new key. Throws std::runtime_error with a sentence for a person where the store's
/// record cannot be used.
[[nodiscard]] Settings load_settings(CredentialStore& store, const Settings& initial);
[[nodiscard]] Result<void> save_settings(CredentialStore& store, const Settings& settings);

}  // namespace fauxkey
