// The state of one key, with the rules that hold whatever protocol asks: its credentials, PIN, user, counters
// and the time since power-up. Knows no bytes of the wire.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "authenticator/attestation.h"
#include "authenticator/attestation_keys.h"
#include "authenticator/built_in_uv.h"
#include "authenticator/fingerprints.h"
#include "authenticator/identity.h"
#include "authenticator/pin.h"
#include "authenticator/settings.h"
#include "authenticator/wrapped_credential.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/key_config.h"
#include "fauxkey/status.h"
#include "fauxkey/virtual_key.h"

namespace fauxkey {

/// What a new credential is made of, apart from what the key itself adds.
struct NewCredential {
  RpIdHash rp_id_hash{};
  std::string rp_id{};
  std::optional<std::string> rp_name{};
  UserEntity user{};
  Algorithm algorithm = Algorithm::es256;
  CredProtect cred_protect = CredProtect::optional;
  bool discoverable = false;
  Bytes cred_blob{};
  bool large_blob_key = false;
  bool supports_large_blob = false;
  bool third_party_payment = false;
};

class Authenticator {
 public:
  /// Throws std::runtime_error with a sentence for a person where the store cannot be used.
  Authenticator(KeyConfig config, Ports ports);

  [[nodiscard]] const KeyConfig& config() const { return config_; }
  [[nodiscard]] const Persona& persona() const { return config_.persona; }
  [[nodiscard]] const Features& features() const { return config_.persona.features; }
  [[nodiscard]] const Limits& limits() const { return config_.persona.limits; }
  /// Whether the model knows what came with this specification.
  [[nodiscard]] bool knows(CtapVersion version) const { return config_.persona.level >= version; }
  [[nodiscard]] Random& random() { return ports_.random; }
  [[nodiscard]] Clock& clock() { return ports_.clock; }
  [[nodiscard]] CredentialStore& store() { return ports_.store; }
  [[nodiscard]] Pin& pin() { return pin_; }
  [[nodiscard]] const Pin& pin() const { return pin_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] Result<void> change_settings(const Settings& settings);
  [[nodiscard]] Identity& identity() { return identity_; }
  [[nodiscard]] BuiltInUv& built_in_uv() { return built_in_uv_; }
  /// Those that a new credential may have, the preferred one first: getInfo's "algorithms".
  [[nodiscard]] const std::vector<Algorithm>& algorithms() const { return config_.algorithms; }
  [[nodiscard]] Fingerprints& fingerprints() { return fingerprints_; }
  [[nodiscard]] bool supports_built_in_uv() const { return config_.built_in_uv != BuiltInUvKind::none; }
  [[nodiscard]] bool supports_fingerprints() const {
    return config_.built_in_uv == BuiltInUvKind::fingerprint;
  }
  /// Supported and set up: option uv. A sensor is once it knows a finger.
  [[nodiscard]] bool has_built_in_uv() const {
    return supports_fingerprints() ? !fingerprints_.all().empty() : supports_built_in_uv();
  }
  /// Whether there is a way to verify the user, set up or not.
  [[nodiscard]] bool can_verify_users() const { return config_.client_pin || supports_built_in_uv(); }
  /// Blobs belong to discoverable credentials (12.3). Chromium takes a key that names them without option rk
  /// for one that speaks U2F alone.
  [[nodiscard]] bool has_large_blobs_command() const {
    return config_.large_blobs == LargeBlobKind::command && config_.discoverable;
  }
  [[nodiscard]] bool has_large_blob_extension() const {
    return config_.large_blobs == LargeBlobKind::extension && config_.discoverable;
  }
  /// What takes a token is there where there is a way to one.
  [[nodiscard]] bool has_credential_management() const { return features().cred_mgmt && can_verify_users(); }
  [[nodiscard]] bool has_persistent_token() const {
    return features().per_cred_mgmt_ro && has_credential_management();
  }
  /// It is on, or a platform can switch it on.
  [[nodiscard]] bool has_always_uv() const {
    return settings_.always_uv || (features().always_uv && features().authnr_cfg);
  }
  [[nodiscard]] bool sets_min_pin_length() const {
    return features().set_min_pin_length && config_.client_pin;
  }
  /// Some form of user verification is set up (CTAP 2.3, 3: "protected by some form of user verification").
  [[nodiscard]] bool is_protected() const { return pin_.is_set() || has_built_in_uv(); }
  [[nodiscard]] const Attestation& attestation() const { return attestation_; }
  [[nodiscard]] AttestationKeys& attestation_keys() { return attestation_keys_; }

  /// Works as long as this model does at least (Timings). KEEPALIVE_CANCEL where the host cancels meanwhile.
  [[nodiscard]] Result<void> work(std::chrono::milliseconds least, const Exchange& exchange);

  /// Asks the user; ok once approved. OPERATION_DENIED, USER_ACTION_TIMEOUT or KEEPALIVE_CANCEL otherwise.
  [[nodiscard]] Result<void> confirm_presence(const Prompt& prompt, const Exchange& exchange);

  /// Built-in user verification. UV_BLOCKED where no try is left, UV_INVALID for the wrong person, else as
  /// confirm_presence.
  [[nodiscard]] Result<void> verify_user(const Prompt& prompt, const Exchange& exchange);

  /// Whether the user chooses among accounts on the key itself.
  [[nodiscard]] bool has_display() const { return ports_.user.has_display(); }
  /// Which of the prompt's accounts the user means, by the key's display. OPERATION_DENIED for none of them,
  /// in time (6.2.2, step 12.2.3), or KEEPALIVE_CANCEL.
  [[nodiscard]] Result<std::size_t> choose_account(const Prompt& prompt, const Exchange& exchange);

  /// A finger on the sensor. `milliseconds`: the platform's limit, nullptr for none; the key's own holds
  /// besides. OPERATION_DENIED or KEEPALIVE_CANCEL; a scan that timed out says so itself.
  [[nodiscard]] Result<FingerScan> scan_finger(const Prompt& prompt, const Exchange& exchange,
                                               const std::uint64_t* milliseconds);

  /// Makes a key pair and the credential, and stores it where it is discoverable. KEY_STORE_FULL where there
  /// is no room.
  [[nodiscard]] Result<Credential> create(NewCredential wanted);
  /// The credential of that id, if this key has or made it for that relying party.
  [[nodiscard]] Result<std::optional<Credential>> find(ByteView id, const RpIdHash& rp_id_hash);
  /// Discoverable ones of a relying party, the newest first.
  [[nodiscard]] Result<std::vector<Credential>> find_by_rp(const RpIdHash& rp_id_hash);
  /// The counter that a new credential's registration tells (WebAuthn 6.3.2, step 11).
  [[nodiscard]] Result<std::uint32_t> first_sign_count(const Credential& credential);
  [[nodiscard]] Result<std::uint32_t> next_sign_count(const Credential& credential);
  [[nodiscard]] Result<std::size_t> discoverable_count();
  /// How many more there is room for; an import may have put more than the key itself would.
  [[nodiscard]] std::uint64_t remaining_discoverable(std::size_t count) const {
    const auto most = limits().max_discoverable_credentials;
    return count < most ? most - count : 0;
  }

  /// A key without a display is reset in its first seconds only, so that no program does it behind the user's
  /// back (CTAP 2.3, 6.6).
  static constexpr std::chrono::seconds kResetWindow{10};
  [[nodiscard]] Clock::Duration time_since_power_up() const { return ports_.clock.now() - powered_up_; }
  [[nodiscard]] Clock::TimePoint powered_up() const { return powered_up_; }
  void power_cycle();
  /// Back to the factory state, but for the attestation key.
  [[nodiscard]] Result<void> reset();

 private:
  /// `question` is one of UserGate's.
  template <class Answer>
  [[nodiscard]] Answer ask(Answer (UserGate::*question)(const Prompt&, std::stop_token, Clock::TimePoint),
                           const Prompt& prompt, const Exchange& exchange, std::chrono::milliseconds timeout);
  [[nodiscard]] UserAnswer ask_to_verify(const Prompt& prompt, const Exchange& exchange);
  [[nodiscard]] Settings initial_settings() const;
  [[nodiscard]] Settings stored_settings() const;
  /// Whether the credential may be put into the store, which one of the same account makes room for.
  [[nodiscard]] Result<void> check_room(const Credential& credential);
  [[nodiscard]] bool counts(const Credential& credential) const;
  [[nodiscard]] Result<std::uint32_t> next_global_count();
  [[nodiscard]] WrapKey load_or_create_wrap_key();

  KeyConfig config_;
  Ports ports_;
  Pin pin_;
  BuiltInUv built_in_uv_;
  Fingerprints fingerprints_;
  Settings settings_;
  Identity identity_;
  Attestation attestation_;
  AttestationKeys attestation_keys_;
  WrapKey wrap_key_;
  Clock::TimePoint powered_up_;
};

}  // namespace fauxkey
