#include "fauxkey/virtual_key.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <mutex>
#include <stdexcept>

#include "authenticator/authenticator.h"
#include "authenticator/credential_keys.h"
#include "crypto/deterministic.h"
#include "crypto/hash.h"
#include "ctap/attestation_statement.h"
#include "ctap/dispatch.h"
#include "ctap/feature_rules.h"
#include "ctap/get_info.h"
#include "ctap/session.h"
#include "key/turns.h"
#include "u2f/u2f.h"

namespace fauxkey {
namespace {

constexpr const char* kInnerError = "an error within the key; its log says which";

}  // namespace

struct VirtualKey::Parts {
  /// What is read from the store, and what hosts have begun.
  struct Machine {
    Machine(const KeyConfig& config, Ports ports)
        : authenticator{config, ports}, session{authenticator}, presence{authenticator} {}

    Authenticator authenticator;
    ctap::Session session;
    u2f::Presence presence;
  };

  Parts(KeyConfig wanted, Ports world)
      : config{std::move(wanted)},
        ports{world},
        machine{std::make_unique<Machine>(config, ports)},
        algorithms{machine->authenticator.algorithms()},
        attestation_root{machine->authenticator.attestation().root()},
        own_root{machine->authenticator.attestation().own_root()} {
    check_features();
  }

  void check_features() {
    if (!config.ctap) return;  // nobody can ask it
    const auto info = ctap::info::describe(machine->authenticator);
    if (!info) throw std::runtime_error{"The keystore cannot be read; see the line above."};
    if (const auto rule = ctap::broken_rule(*info->as<cbor::Map>())) {
      throw std::runtime_error{"A key of these options would break a rule of its standard (" + *rule +
                               "): change the options that it is about."};
    }
  }

  [[nodiscard]] std::optional<KeyState::Token> describe_token() const {
    auto& token = machine->session.auth.token();
    const auto until = token.ends();
    if (!until) return std::nullopt;
    KeyState::Token described{.permissions = {}, .rp_id = token.rp_id().value_or(""), .until = *until};
    for (const auto permission : ctap::kPermissions) {
      if ((token.permissions() & permission) != 0)
        described.permissions.emplace_back(ctap::name_of(permission));
    }
    return described;
  }

  [[nodiscard]] KeyState describe() {
    auto& authenticator = machine->authenticator;
    const auto& pin = authenticator.pin();
    KeyState state{.pin_set = pin.is_set(),
                   .pin_retries = pin.retries(),
                   .needs_power_cycle = pin.needs_power_cycle(),
                   .force_pin_change = authenticator.settings().force_pin_change,
                   .always_uv = authenticator.settings().always_uv,
                   .uv_retries = authenticator.built_in_uv().retries(),
                   .fingers = {},
                   .powered_up = authenticator.powered_up(),
                   .reset_until = authenticator.powered_up() + Authenticator::kResetWindow,
                   .token = describe_token(),
                   .sequence_until = machine->session.sequences.ends()};
    for (const auto& [id, name, finger] : authenticator.fingerprints().all())
      state.fingers.push_back({.name = name, .finger = finger});
    return state;
  }

  /// One request at a time, whatever hosts and transports there are.
  Turns mutex;
  const KeyConfig config;
  const Ports ports;
  std::unique_ptr<Machine> machine;
  // What no store changes, for who does not wait for a turn.
  const std::vector<Algorithm> algorithms;
  const Bytes attestation_root;
  const Bytes own_root;

  std::mutex state_mutex;
  KeyState last_state;  ///< before the request that is under way
};

namespace {

/// Holds the key for one request, whose state others see as it was before.
class Turn {
 public:
  template <class Parts>
  explicit Turn(Parts& parts) : lock_{parts.mutex} {
    const std::scoped_lock lock{parts.state_mutex};
    parts.last_state = parts.describe();
  }

 private:
  std::unique_lock<Turns> lock_;
};

/// Holds the key for the test bench.
[[nodiscard]] std::unique_lock<Turns> bench_turn(Turns& mutex) {
  constexpr std::chrono::milliseconds kPatience{2000};
  std::unique_lock lock{mutex, kPatience};
  if (!lock) throw KeyBusy{};
  return lock;
}

/// For what a store refused on the bench's behalf.
template <class T>
void must(const Result<T>& done) {
  if (!done) throw std::runtime_error{"The keystore could not be written; see the daemon's log."};
}

/// By the length that the model asks for; what platforms have set besides is for them to keep to.
std::size_t checked_pin(ByteView utf8, const Authenticator& key) {
  const auto least = key.limits().min_pin_length;
  const auto code_points = Pin::check_policy(utf8, least);
  if (!code_points) {
    throw std::invalid_argument{"A PIN is UTF-8 text of at least " + std::to_string(least) +
                                " characters and at most 63 bytes."};
  }
  return *code_points;
}

}  // namespace

VirtualKey::VirtualKey(KeyConfig config, Ports ports) {
  if (config.repeatable) crypto::make_signatures_deterministic();
  parts_ = std::make_unique<Parts>(std::move(config), ports);
}

VirtualKey::~VirtualKey() = default;

Bytes VirtualKey::process_cbor(ByteView request, const Exchange& exchange) {
  const Turn turn{*parts_};
  parts_->machine->presence.forget();
  try {
    return ctap::process(parts_->machine->session, request, exchange);
  } catch (const std::exception& error) {
    spdlog::error("A request could not be answered: {}", error.what());
    if (exchange.on_refusal) exchange.on_refusal(kInnerError);
    return {static_cast<std::uint8_t>(Status::other)};
  }
}

Bytes VirtualKey::process_apdu(ByteView apdu, const Exchange& exchange) {
  const Turn turn{*parts_};
  try {
    return u2f::process(apdu, {parts_->machine->authenticator, parts_->machine->presence, exchange});
  } catch (const std::exception& error) {
    spdlog::error("A U2F request could not be answered: {}", error.what());
    if (exchange.on_refusal) exchange.on_refusal(kInnerError);
    constexpr auto kError = static_cast<std::uint16_t>(u2f::StatusWord::unknown_error);
    return {static_cast<std::uint8_t>(kError >> 8), static_cast<std::uint8_t>(kError & 0xFF)};
  }
}

void VirtualKey::power_cycle() {
  const std::scoped_lock lock{parts_->mutex};
  parts_->machine->presence.forget();
  parts_->machine->session.power_cycle();
}

void VirtualKey::set_pin(ByteView utf8) {
  const std::scoped_lock lock{parts_->mutex};
  if (parts_->machine->authenticator.pin().is_set())
    throw std::invalid_argument{"The key has a PIN already; change it with the PIN that it has."};
  auto& key = parts_->machine->authenticator;
  must(key.pin().set(utf8, checked_pin(utf8, key)));
}

KeyState VirtualKey::state() const {
  if (const std::unique_lock lock{parts_->mutex, std::try_to_lock}) return parts_->describe();
  const std::scoped_lock lock{parts_->state_mutex};
  return parts_->last_state;
}

void VirtualKey::replace_pin(ByteView utf8) {
  const auto lock = bench_turn(parts_->mutex);
  auto& key = parts_->machine->authenticator;
  must(key.pin().set(utf8, checked_pin(utf8, key)));
  parts_->machine->session.forget_platforms("the pinUvAuthToken ended as the test bench set another PIN");
}

void VirtualKey::set_retries(std::optional<std::uint8_t> pin, std::optional<std::uint8_t> uv) {
  const auto lock = bench_turn(parts_->mutex);
  auto& key = parts_->machine->authenticator;
  if (pin && !key.pin().is_set())
    throw std::invalid_argument{"The key has no PIN, so it has no tries for one: set a PIN first."};
  if (pin && *pin > Pin::kMaxRetries) throw std::invalid_argument{"A PIN has 8 tries at most."};
  if (uv && *uv > BuiltInUv::kMaxRetries)
    throw std::invalid_argument{"Built-in user verification has 5 tries at most."};
  if (pin) must(key.pin().set_retries(*pin));
  if (uv) must(key.built_in_uv().set_retries(*uv));
}

void VirtualKey::set_force_pin_change(bool force) {
  const auto lock = bench_turn(parts_->mutex);
  Settings settings = parts_->machine->authenticator.settings();
  settings.force_pin_change = force;
  must(parts_->machine->authenticator.change_settings(settings));
}

void VirtualKey::enroll(std::uint32_t finger, const std::string& name) {
  const auto lock = bench_turn(parts_->mutex);
  auto& key = parts_->machine->authenticator;
  if (!key.supports_fingerprints())
    throw std::invalid_argument{
        "The key has no fingerprint sensor: plug in one with userVerification fingerprint."};
  if (key.fingerprints().full()) throw std::invalid_argument{"The key knows 5 fingers, which is all it can."};
  if (name.size() > Fingerprints::kMaxNameBytes)
    throw std::invalid_argument{"A finger's name has 64 bytes at most."};
  const auto id = key.random().bytes<Fingerprints::kIdBytes>();
  must(key.fingerprints().add({.id = {id.begin(), id.end()}, .name = name, .finger = finger}));
}

void VirtualKey::reset() {
  const auto lock = bench_turn(parts_->mutex);
  parts_->machine->presence.forget();
  must(parts_->machine->authenticator.reset());
  parts_->machine->session.forget_platforms("the pinUvAuthToken ended with a reset");
}

void VirtualKey::begin_anew(const std::function<void()>& change) {
  const auto lock = bench_turn(parts_->mutex);
  change();
  parts_->machine = std::make_unique<Parts::Machine>(parts_->config, parts_->ports);
}

const std::vector<Algorithm>& VirtualKey::algorithms() const { return parts_->algorithms; }

std::string VirtualKey::serial() const {
  constexpr std::size_t kSerialBytes = 4;
  const auto hash = crypto::sha256(parts_->own_root);  // which is public
  std::string serial(2 * kSerialBytes + 1, '\0');
  sodium_bin2hex(serial.data(), serial.size(), hash.data(), kSerialBytes);
  serial.pop_back();
  return serial;
}

Bytes VirtualKey::attestation_root() const { return parts_->attestation_root; }

std::optional<Bytes> VirtualKey::attestation_intermediate() {
  const auto lock = bench_turn(parts_->mutex);
  return parts_->machine->authenticator.attestation_keys().intermediate();
}

std::vector<Bytes> VirtualKey::attestation_revocation_lists() {
  const auto lock = bench_turn(parts_->mutex);
  return parts_->machine->authenticator.attestation_keys().revocation_lists();
}

std::shared_ptr<const AttestationRoot> VirtualKey::load_attestation_root() {
  const auto lock = bench_turn(parts_->mutex);
  return parts_->machine->authenticator.attestation().load_root(parts_->ports.store);
}

std::vector<std::string> VirtualKey::attestation_formats() const {
  const auto names = ctap::attestation_formats(parts_->config);
  return {names.begin(), names.end()};
}

std::optional<Bytes> VirtualKey::sign_as_credential(ByteView credential_id, const RpIdHash& rp_id_hash,
                                                    ByteView message) {
  const std::scoped_lock lock{parts_->mutex};
  try {
    const auto credential = parts_->machine->authenticator.find(credential_id, rp_id_hash);
    if (!credential || !*credential) return std::nullopt;
    return sign(**credential, message);
  } catch (const std::exception& error) {
    spdlog::error("A credential could not sign: {}", error.what());
    return std::nullopt;
  }
}

std::optional<AttestationSignature> VirtualKey::sign_as_attestation(AttestationVariant variant,
                                                                    ByteView message) {
  const std::scoped_lock lock{parts_->mutex};
  try {
    const auto* const key = parts_->machine->authenticator.attestation_keys().find(LeafKind::u2f, variant);
    if (key == nullptr) return std::nullopt;
    return AttestationSignature{.signature = key->sign(message), .certificate = key->certificate()};
  } catch (const std::exception& error) {
    spdlog::error("An attestation could not be made: {}", error.what());
    return std::nullopt;
  }
}

std::optional<Bytes> VirtualKey::attest(const AttestationRequest& request) {
  const std::scoped_lock lock{parts_->mutex};
  try {
    const auto statement = ctap::attest_anew(parts_->machine->authenticator, request);
    if (!statement) return std::nullopt;
    return cbor::encode(*statement);
  } catch (const std::exception& error) {
    spdlog::error("An attestation could not be made: {}", error.what());
    return std::nullopt;
  }
}

}  // namespace fauxkey
