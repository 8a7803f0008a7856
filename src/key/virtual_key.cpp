#include "fauxkey/virtual_key.h"

#include <spdlog/spdlog.h>

#include <mutex>
#include <stdexcept>

#include "authenticator/authenticator.h"
#include "ctap/dispatch.h"
#include "ctap/feature_rules.h"
#include "ctap/get_info.h"
#include "ctap/session.h"
#include "u2f/u2f.h"

namespace fauxkey {
namespace {

constexpr const char* kInnerError = "an error within the key; its log says which";

}  // namespace

struct VirtualKey::Parts {
  Parts(KeyConfig config, Ports ports)
      : authenticator{std::move(config), ports}, session{authenticator}, presence{authenticator} {
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
    if (exchange.on_refusal) exchange.on_refusal(kInnerError);
    return {static_cast<std::uint8_t>(Status::other)};
  }
}

Bytes VirtualKey::process_apdu(ByteView apdu, const Exchange& exchange) {
  const std::scoped_lock lock{parts_->mutex};
  try {
    return u2f::process(apdu, {parts_->authenticator, parts_->presence, exchange});
  } catch (const std::exception& error) {
    spdlog::error("A U2F request could not be answered: {}", error.what());
    if (exchange.on_refusal) exchange.on_refusal(kInnerError);
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

}  // namespace fauxkey
