// Virtual authenticators as WebDriver (WebAuthn Level 3, 11) and the Chrome DevTools Protocol's WebAuthn
// domain know them: keys like all others, which belong to a session.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "control/key_ring.h"

namespace fauxkey::control {

/// The members of WebDriver's Authenticator Configuration (11.2), under whatever names.
struct AuthenticatorOptions {
  bool u2f = false;
  CtapVersion ctap_version = CtapVersion::fido_2_1;
  bool has_resident_key = false;
  bool has_user_verification = false;
  bool is_user_consenting = true;
  bool is_user_verified = false;
  bool default_backup_eligibility = false;
  bool default_backup_state = false;
};

class VirtualAuthenticators {
 public:
  /// `transports`: those of their devices.
  VirtualAuthenticators(KeyRing& keys, std::vector<std::string> transports)
      : keys_{keys}, transports_{std::move(transports)} {}

  /// Returns its id, which is the key's name. Throws as KeyRing::add.
  std::string add(const std::string& session, const AuthenticatorOptions& options);
  /// Nothing where the session has no such authenticator.
  [[nodiscard]] std::shared_ptr<LiveKey> find(const std::string& session, const std::string& id) const;
  bool remove(const std::string& session, const std::string& id);
  void remove_session(const std::string& session);

 private:
  KeyRing& keys_;
  const std::vector<std::string> transports_;
  mutable std::mutex mutex_;
  std::set<std::pair<std::string, std::string>> owned_;
};

/// What user verification comes to on it from now on.
void set_user_verified(LiveKey& key, bool verified);

}  // namespace fauxkey::control
