// Enrolled fingers (CTAP 2.3, 6.7), for the simulated sensor that a UserGate is: a template is the number of
// the finger that was enrolled.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fauxkey/credential_store.h"
#include "fauxkey/status.h"

namespace fauxkey {

struct Fingerprint {
  Bytes id;          ///< templateId
  std::string name;  ///< templateFriendlyName; empty until a platform gives one
  std::uint32_t finger = 0;
};

class Fingerprints {
 public:
  static constexpr std::size_t kMaxTemplates = 5;
  static constexpr std::size_t kMaxNameBytes = 64;
  static constexpr std::size_t kIdBytes = 8;
  static constexpr std::uint8_t kSamples = 3;  ///< that an enrollment takes

  /// Throws std::runtime_error where the store's record cannot be used.
  explicit Fingerprints(CredentialStore& store);

  [[nodiscard]] const std::vector<Fingerprint>& all() const { return fingerprints_; }
  [[nodiscard]] bool has(std::uint32_t finger) const;
  [[nodiscard]] bool full() const { return fingerprints_.size() >= kMaxTemplates; }
  [[nodiscard]] Result<void> add(Fingerprint fingerprint);
  /// INVALID_OPTION where there is no such template.
  [[nodiscard]] Result<void> rename(ByteView id, const std::string& name);
  [[nodiscard]] Result<void> remove(ByteView id);
  /// After the store was reset.
  void forget() { fingerprints_.clear(); }

 private:
  [[nodiscard]] Result<void> keep(std::vector<Fingerprint> fingerprints);

  CredentialStore& store_;
  std::vector<Fingerprint> fingerprints_;
};

}  // namespace fauxkey
