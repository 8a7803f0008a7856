#include "authenticator/pin.h"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "authenticator/store_status.h"
#include "cbor/cbor.h"
#include "cbor/utf8.h"
#include "crypto/hash.h"

namespace fauxkey {
namespace {

// Members of the record.
constexpr int kHash = 1;
constexpr int kCodePoints = 2;
constexpr int kRetries = 3;

std::string tries_left(std::uint8_t retries) {
  return std::to_string(retries) + (retries == 1 ? " try" : " tries") + " left";
}

/// All neighbours differ by the same of -1, 0 and 1: 0000, 1234, dcba.
bool is_simple(ByteView pin) {
  const auto step_at = [&](std::size_t i) { return pin[i] - pin[i - 1]; };
  for (std::size_t i = 1; i < pin.size(); ++i) {
    if (step_at(i) != step_at(1) || std::abs(step_at(i)) > 1) return false;
  }
  return true;
}

}  // namespace

PinHash hash_pin(ByteView utf8) {
  auto digest = crypto::sha256(utf8);
  auto hash = PinHash::copy_of(ByteView{digest}.first(PinHash::size()));
  sodium_memzero(digest.data(), digest.size());
  return hash;
}

Pin::Pin(CredentialStore& store) : store_{store} {
  const auto record = store.load(RecordKind::pin);
  if (!record) throw std::runtime_error{record.error().message};
  if (!*record) return;
  const auto decoded = cbor::decode(**record);
  const auto* map = decoded ? decoded->as<cbor::Map>() : nullptr;
  const auto* hash = map != nullptr ? cbor::find(*map, kHash) : nullptr;
  const auto* code_points = map != nullptr ? cbor::find(*map, kCodePoints) : nullptr;
  const auto* retries = map != nullptr ? cbor::find(*map, kRetries) : nullptr;
  if (hash == nullptr || hash->as<Bytes>() == nullptr || hash->as<Bytes>()->size() != PinHash::size() ||
      code_points == nullptr || code_points->as_unsigned() == nullptr || retries == nullptr ||
      retries->as_unsigned() == nullptr || *retries->as_unsigned() > kMaxRetries) {
    throw std::runtime_error{
        "The keystore's PIN record is not one that this version understands; use the fauxkey that wrote it."};
  }
  hash_ = PinHash::copy_of(*hash->as<Bytes>());
  code_points_ = static_cast<std::size_t>(*code_points->as_unsigned());
  retries_ = static_cast<std::uint8_t>(*retries->as_unsigned());
}

Result<std::size_t> Pin::check_policy(ByteView utf8, std::size_t min_code_points, bool complexity) {
  const auto code_points = cbor::count_code_points({reinterpret_cast<const char*>(utf8.data()), utf8.size()});
  if (!code_points) return fail(Status::pin_policy_violation, "6.5.1: the new PIN is not UTF-8");
  if (*code_points < min_code_points) {
    return fail(Status::pin_policy_violation, "6.5.1: the new PIN has fewer than " +
                                                  std::to_string(min_code_points) +
                                                  " code points (minPINLength)");
  }
  if (utf8.size() > kMaxBytes) {
    return fail(Status::pin_policy_violation,
                "6.5.1: the new PIN is longer than " + std::to_string(kMaxBytes) + " bytes");
  }
  if (complexity && is_simple(utf8)) {
    return fail(Status::pin_policy_violation,
                "pinComplexityPolicy is on, and the new PIN repeats one character or counts up or down");
  }
  return *code_points;
}

Result<void> Pin::set(ByteView utf8, std::size_t code_points) {
  auto hash = hash_pin(utf8);
  if (auto saved = save(hash, code_points, kMaxRetries); !saved) return saved;
  hash_ = std::move(hash);
  code_points_ = code_points;
  retries_ = kMaxRetries;
  misses_in_a_row_ = 0;
  return {};
}

Result<void> Pin::check_not_blocked() const {
  if (!is_set()) return fail(Status::pin_not_set, "no PIN is set");
  if (retries_ == 0) return fail(Status::pin_blocked, "6.5.2.2: no PIN tries are left; only a reset helps");
  if (needs_power_cycle()) {
    return fail(Status::pin_auth_blocked,
                "6.5.5.6: three wrong PINs in a row, the key must be unplugged and plugged in again (" +
                    tries_left(retries_) + ")");
  }
  return {};
}

Result<void> Pin::verify(ByteView pin_hash) {
  if (auto allowed = check_not_blocked(); !allowed) return allowed;
  // Durable before the comparison: whoever pulls the plug while it runs has used a try all the same.
  const auto left = static_cast<std::uint8_t>(retries_ - 1);
  if (auto spent = save(*hash_, code_points_, left); !spent) return spent;
  retries_ = left;
  if (!equal_in_constant_time(*hash_, pin_hash)) {
    ++misses_in_a_row_;
    if (retries_ == 0)
      return fail(Status::pin_blocked, "wrong PIN, and no tries are left; only a reset helps");
    if (needs_power_cycle()) {
      return fail(Status::pin_auth_blocked,
                  "wrong PIN, the third in a row: the key must be unplugged and plugged in again (" +
                      tries_left(retries_) + ")");
    }
    return fail(Status::pin_invalid, "wrong PIN, " + tries_left(retries_));
  }
  if (auto restored = save(*hash_, code_points_, kMaxRetries); !restored) return restored;
  retries_ = kMaxRetries;
  misses_in_a_row_ = 0;
  return {};
}

Result<void> Pin::set_retries(std::uint8_t retries) {
  if (auto saved = save(*hash_, code_points_, retries); !saved) return saved;
  retries_ = retries;
  misses_in_a_row_ = 0;
  return {};
}

bool Pin::same_as(ByteView utf8) const { return is_set() && equal_in_constant_time(*hash_, hash_pin(utf8)); }

void Pin::forget() {
  hash_.reset();
  code_points_ = 0;
  retries_ = kMaxRetries;
  misses_in_a_row_ = 0;
}

Result<void> Pin::save(const PinHash& hash, std::size_t code_points, std::uint8_t retries) {
  Bytes record = cbor::encode(cbor::Map{{kHash, cbor::Value::bytes(hash)},
                                        {kCodePoints, static_cast<std::uint64_t>(code_points)},
                                        {kRetries, static_cast<std::uint64_t>(retries)}});
  auto saved = store_.save(RecordKind::pin, record);
  sodium_memzero(record.data(), record.size());
  return checked(std::move(saved));
}

}  // namespace fauxkey
