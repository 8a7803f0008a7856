#include "fauxkey/virtual_key.h"

#include <spdlog/spdlog.h>

#include <mutex>
#include <stdexcept>

#include "authenticator/attestation_variants.h"
#include "authenticator/authenticator.h"
#include "authenticator/credential_keys.h"
#include "ctap/dispatch.h"
#include "ctap/feature_rules.h"
#include "ctap/get_info.h"
#include "ctap/session.h"
#include "u2f/u2f.h"

namespace fauxkey {

struct VirtualKey::Parts {
  Parts(KeyConfig config, Ports ports)
      : authenticator{std::move(config), ports},
        session{authenticator},
        presence{authenticator},
        variants{authenticator.attestation(), authenticator.config().persona, ports.store, ports.random} {
    check_features();
  }

  void check_features() {
    const auto info = ctap::info::describe(authenticator);
    if (!info) throw std::runtime_error{"The keystore cannot be read; see the line above."};
    if (const auto rule = ctap::broken_rule(*info->as<cbor::Map>())) {
      throw std::runtime_error{"A key of these options would break a rule of its standard (" + *rule +
                               "): change the options that it is about."};
    }
  }

  /// One request at a time, whatever hosts and transports there are.
  std::mutex mutex;
  Authenticator authenticator;
  ctap::Session session;
  u2f::Presence presence;
  AttestationVariants variants;
};

VirtualKey::VirtualKey(KeyConfig config, Ports ports)
    : parts_{std::make_unique<Parts>(std::move(config), ports)} {}

VirtualKey::~VirtualKey() = default;

Bytes VirtualKey::process_cbor(ByteView request, const Exchange& exchange) {
  const std::scoped_lock lock{parts_->mutex};
  parts_->presence.forget();
  try {
    return ctap::process(parts_->session, request, exchange);
  } catch (const std::exception& error) {
    spdlog::error("A request could not be answered: {}", error.what());
    return {static_cast<std::uint8_t>(Status::other)};
  }
}

Bytes VirtualKey::process_apdu(ByteView apdu, const Exchange& exchange) {
  const std::scoped_lock lock{parts_->mutex};
  try {
    return u2f::process(apdu, {parts_->authenticator, parts_->presence, exchange});
  } catch (const std::exception& error) {
    spdlog::error("A U2F request could not be answered: {}", error.what());
    constexpr auto kError = static_cast<std::uint16_t>(u2f::StatusWord::unknown_error);
    return {static_cast<std::uint8_t>(kError >> 8), static_cast<std::uint8_t>(kError & 0xFF)};
  }
}

void VirtualKey::power_cycle() {
  const std::scoped_lock lock{parts_->mutex};
  parts_->presence.forget();
  parts_->session.power_cycle();
}

void VirtualKey::set_pin(ByteView utf8) {
  const std::scoped_lock lock{parts_->mutex};
  auto& pin = parts_->authenticator.pin();
  if (pin.is_set())
    throw std::invalid_argument{"The key has a PIN already; change it with the PIN that it has."};
  const auto code_points = Pin::check_policy(utf8, Pin::kDefaultMinCodePoints);
  if (!code_points)
    throw std::invalid_argument{"A PIN is UTF-8 text of at least 4 characters and at most 63 bytes."};
  if (!pin.set(utf8, *code_points)) throw std::runtime_error{"The PIN could not be written to the keystore."};
}

const std::vector<Algorithm>& VirtualKey::algorithms() const { return parts_->authenticator.algorithms(); }

Bytes VirtualKey::attestation_root() const { return parts_->authenticator.attestation().root(); }

std::optional<Bytes> VirtualKey::sign_as_credential(ByteView credential_id, const RpIdHash& rp_id_hash,
                                                    ByteView message) {
  const std::scoped_lock lock{parts_->mutex};
  try {
    const auto credential = parts_->authenticator.find(credential_id, rp_id_hash);
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
    const auto* const key = parts_->variants.find(variant);
    if (key == nullptr) return std::nullopt;
    return AttestationSignature{.signature = key->sign(message), .certificate = key->certificate()};
  } catch (const std::exception& error) {
    spdlog::error("An attestation could not be made: {}", error.what());
    return std::nullopt;
  }
}

}  // namespace fauxkey
