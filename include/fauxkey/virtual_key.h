// One security key in this process: bytes of a request in, bytes of its answer out. The daemon puts it behind
// a HID device; a program or a test may embed it as it is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "fauxkey/attestation_variant.h"
#include "fauxkey/bytes.h"
#include "fauxkey/clock.h"
#include "fauxkey/credential_store.h"
#include "fauxkey/key_config.h"
#include "fauxkey/random.h"
#include "fauxkey/secret.h"
#include "fauxkey/user_gate.h"

namespace fauxkey {

/// Why an answer takes its time: CTAPHID_KEEPALIVE's status (CTAP 2.3, 11.2.9.2.4).
enum class Waiting : std::uint8_t {
  silent = 0,  ///< no keepalives, as from a key that hangs; for tests of hosts
  processing = 1,
  user_presence = 2,
};

/// One request's surroundings.
struct Exchange {
  /// Who asks: state that spans two requests (getNextAssertion) belongs to one channel.
  std::uint32_t channel = 0;
  /// Requested when the host cancels; the answer is then KEEPALIVE_CANCEL where the command waits for the
  /// user.
  std::stop_token stop;
  /// Told at each change; called on the thread that processes the request. May be empty.
  std::function<void(Waiting)> on_waiting;
  /// Told once, before the answer, where that refuses the request: why (see Refusal). May be empty.
  std::function<void(std::string_view why)> on_refusal{};
};

/// The world around a key. All outlive it.
struct Ports {
  CredentialStore& store;
  UserGate& user;
  Clock& clock;
  Random& random;
};

/// What a person at a test bench may know of a key, and no host.
struct KeyState {
  bool pin_set = false;
  std::uint8_t pin_retries = 0;
  /// Too many wrong PINs in a row; only a power cycle mends it.
  bool needs_power_cycle = false;
  bool force_pin_change = false;
  bool always_uv = false;
  std::uint8_t uv_retries = 0;
  struct Finger {
    std::string name;  ///< as a platform named it; may be empty
    std::uint32_t finger = 0;
  };
  std::vector<Finger> fingers;

  // Timers, as moments of the key's clock.
  Clock::TimePoint powered_up{};
  Clock::TimePoint reset_until{};  ///< a host may reset the key no later (CTAP 2.3, 6.6)
  /// The pinUvAuthToken that a platform has (6.5.2.1).
  struct Token {
    std::vector<std::string> permissions;  ///< "mc", "ga" …, as 6.5.5.7 names them
    std::string rp_id;                     ///< as a host sent it; empty: bound to none
    Clock::TimePoint until;
  };
  std::optional<Token> token;
  /// getNextAssertion and its like get an answer no later (6.3); nothing: there is nothing to go on with.
  std::optional<Clock::TimePoint> sequence_until;
};

/// A key has one request at a time, and this one is long: it waits for its user.
class KeyBusy : public std::runtime_error {
 public:
  KeyBusy()
      : std::runtime_error{
            "The key is at work on a host's request: answer its prompt, or wait for its end, and try "
            "again."} {}
};

class VirtualKey {
 public:
  /// Reads the key's state and makes what a new key lacks (attestation, wrapping key).
  /// Throws std::runtime_error with a sentence for a person where the store cannot be used.
  VirtualKey(KeyConfig config, Ports ports);
  ~VirtualKey();
  VirtualKey(const VirtualKey&) = delete;
  VirtualKey& operator=(const VirtualKey&) = delete;

  /// A CTAP2 message: command byte and CBOR map in, status byte and CBOR map out. Never throws for what a
  /// host sends. Calls from several threads take turns.
  [[nodiscard]] Bytes process_cbor(ByteView request, const Exchange& exchange);
  /// A U2F APDU: command in, data and status word out.
  [[nodiscard]] Bytes process_apdu(ByteView apdu, const Exchange& exchange);
  /// As if it had been unplugged and plugged in again: tokens, pending assertions and the count of wrong PINs
  /// in a row are gone; the ten seconds for a reset begin.
  void power_cycle();

  /// Sets the first PIN as clientPIN's setPIN would. Throws std::invalid_argument where the PIN breaks the
  /// rules or one is set already.
  void set_pin(ByteView utf8);

  // The test bench. What changes the key waits two seconds for a request that is under way, and throws
  // KeyBusy then.
  /// While a request is under way, as before it.
  [[nodiscard]] KeyState state() const;
  /// Whatever PIN there was; all tries are there again. Throws as set_pin.
  void replace_pin(ByteView utf8);
  /// Nothing: stays as it is. Throws std::invalid_argument where the key has no PIN, or not so many tries.
  void set_retries(std::optional<std::uint8_t> pin, std::optional<std::uint8_t> uv);
  void set_force_pin_change(bool force);
  /// As after that many samples of a finger on the sensor. Throws std::invalid_argument where the key has no
  /// sensor or no room.
  void enroll(std::uint32_t finger, const std::string& name);
  /// Back to the factory state, without a touch and whenever; the attestation key stays.
  void reset();
  /// `change` puts other contents of this same key into its store, while no request is under way; the key
  /// then begins with them as after a power cycle.
  void begin_anew(const std::function<void()>& change);

  /// Those that new credentials may have, the preferred one first.
  [[nodiscard]] const std::vector<Algorithm>& algorithms() const;
  /// A serial number for its devices: the same for one keystore, whatever it is started with.
  [[nodiscard]] std::string serial() const;
  /// The root certificate that this key's attestation chains to, DER.
  [[nodiscard]] Bytes attestation_root() const;
  /// That of the authority between the root and the leaves, DER; nothing where there is none.
  [[nodiscard]] std::optional<Bytes> attestation_intermediate();
  /// The revocation lists of the root and, where it may have one, the authority under it, DER: those of
  /// AttestationVariant::revoked are on them. Throws std::runtime_error with a sentence for a person where
  /// the root may not sign such lists.
  [[nodiscard]] std::vector<Bytes> attestation_revocation_lists();
  /// The root with its private key: for metadata. Throws std::runtime_error where the store fails.
  [[nodiscard]] std::shared_ptr<const AttestationRoot> load_attestation_root();
  /// Those of its attestations but "none", the usual one first: getInfo's attestationFormats.
  [[nodiscard]] std::vector<std::string> attestation_formats() const;

  // For tests of those who verify: this key's own signatures over what it would not say itself.
  /// As an assertion is signed. Nothing where this key has no such credential of that relying party.
  [[nodiscard]] std::optional<Bytes> sign_as_credential(ByteView credential_id, const RpIdHash& rp_id_hash,
                                                        ByteView message);
  /// As a U2F registration is signed. Nothing for the enterprise attestation of a key that has none, or where
  /// the store fails.
  [[nodiscard]] std::optional<AttestationSignature> sign_as_attestation(AttestationVariant variant,
                                                                        ByteView message);
  /// An attestation statement, CBOR, over what the request says. Nothing where this key has no such
  /// credential or no such attestation, or where the store fails.
  [[nodiscard]] std::optional<Bytes> attest(const AttestationRequest& request);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace fauxkey
