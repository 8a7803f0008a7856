#include "authenticator/built_in_uv.h"

#include <array>
#include <stdexcept>

#include "authenticator/store_status.h"

namespace fauxkey {

// The record: tries left, one byte, and the count, four bytes big-endian.
BuiltInUv::BuiltInUv(CredentialStore& store) : store_{store} {
  const auto record = store.load(RecordKind::built_in_uv);
  if (!record) throw std::runtime_error{record.error().message};
  if (!*record) return;
  const ByteView bytes = **record;
  if (bytes.size() != 5 || bytes[0] > kMaxRetries) {
    throw std::runtime_error{
        "The keystore's record of verification tries is not one that this version understands; use the "
        "fauxkey that "
        "wrote it."};
  }
  retries_ = bytes[0];
  for (const auto byte : bytes.subspan(1)) count_since_pin_ = count_since_pin_ << 8 | byte;
}

Result<void> BuiltInUv::spend_try() {
  if (retries_ == 0)
    return fail(Status::uv_blocked,
                "6.5.2.3: no try of built-in user verification is left; the PIN gives them back");
  return keep(static_cast<std::uint8_t>(retries_ - 1), count_since_pin_ + 1);
}

Result<void> BuiltInUv::restore(bool all) {
  return keep(all ? kMaxRetries : static_cast<std::uint8_t>(retries_ + 1), count_since_pin_);
}

Result<void> BuiltInUv::pin_given() {
  if (retries_ == kMaxRetries && count_since_pin_ == 0) return {};
  return keep(kMaxRetries, 0);
}

void BuiltInUv::forget() {
  retries_ = kMaxRetries;
  count_since_pin_ = 0;
}

Result<void> BuiltInUv::keep(std::uint8_t retries, std::uint32_t count_since_pin) {
  std::array<std::uint8_t, 5> record{retries};
  for (std::size_t i = 0; i < 4; ++i)
    record.at(1 + i) = static_cast<std::uint8_t>(count_since_pin >> (24 - 8 * i));
  if (auto saved = checked(store_.save(RecordKind::built_in_uv, record)); !saved) return saved;
  retries_ = retries;
  count_since_pin_ = count_since_pin;
  return {};
}

}  // namespace fauxkey
