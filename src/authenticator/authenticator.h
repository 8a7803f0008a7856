// The state of one key, with the rules that hold whatever protocol asks: its credentials, PIN, user, counters
// and the time since power-up. Knows no bytes of the wire.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "authenticator/attestation.h"
#include "authenticator/pin.h"
#include "authenticator/wrapped_credential.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/key_config.h"
#include "fauxkey/status.h"
#include "fauxkey/virtual_key.h"

namespace fauxkey {

/// What a new credential is made of, apart from what the key itself adds.
struct NewCredential {
  RpIdHash rp_id_hash{};
  std::string rp_id;
  std::optional<std::string> rp_name;
  UserEntity user;
  Algorithm algorithm = Algorithm::es256;
  CredProtect cred_protect = CredProtect::optional;
  bool discoverable = false;
};

class Authenticator {
 public:
  /// A credential list of a request may hold this many descriptors; with ids of 255 bytes they fit into a
  /// message.
  static constexpr std::size_t kMaxCredentialCountInList = 24;
  static constexpr std::size_t kMaxCredentialIdLength = 255;
  static constexpr std::size_t kMaxDiscoverableCredentials = 1'000'000;

  /// Throws std::runtime_error with a sentence for a person where the store cannot be used.
  Authenticator(KeyConfig config, Ports ports);

  [[nodiscard]] const KeyConfig& config() const { return config_; }
  [[nodiscard]] Random& random() { return ports_.random; }
  [[nodiscard]] Clock& clock() { return ports_.clock; }
  [[nodiscard]] CredentialStore& store() { return ports_.store; }
  [[nodiscard]] Pin& pin() { return pin_; }
  [[nodiscard]] const Pin& pin() const { return pin_; }
  [[nodiscard]] const Attestation& attestation() const { return attestation_; }

  /// Asks the user; ok once approved. OPERATION_DENIED, USER_ACTION_TIMEOUT or KEEPALIVE_CANCEL otherwise.
  [[nodiscard]] Result<void> confirm_presence(const Prompt& prompt, const Exchange& exchange);

  /// Makes a key pair and the credential, and stores it where it is discoverable. KEY_STORE_FULL where there
  /// is no room.
  [[nodiscard]] Result<Credential> create(NewCredential wanted);
  /// The credential of that id, if this key has or made it for that relying party.
  [[nodiscard]] Result<std::optional<Credential>> find(ByteView id, const RpIdHash& rp_id_hash);
  /// Discoverable ones of a relying party, the newest first.
  [[nodiscard]] Result<std::vector<Credential>> find_by_rp(const RpIdHash& rp_id_hash);
  [[nodiscard]] Result<std::uint32_t> next_sign_count(const Credential& credential);
  [[nodiscard]] Result<std::size_t> discoverable_count();

  [[nodiscard]] Clock::Duration time_since_power_up() const { return ports_.clock.now() - powered_up_; }
  void power_cycle();
  /// Back to the factory state, but for the attestation key.
  [[nodiscard]] Result<void> reset();

 private:
  [[nodiscard]] WrapKey load_or_create_wrap_key();

  KeyConfig config_;
  Ports ports_;
  Pin pin_;
  Attestation attestation_;
  WrapKey wrap_key_;
  Clock::TimePoint powered_up_;
};

}  // namespace fauxkey
