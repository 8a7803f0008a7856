#include "ctap/pin_uv_token.h"

namespace fauxkey::ctap {

void PinUvAuthToken::begin_using(bool user_is_present, std::uint8_t permissions,
                                 std::optional<std::string> rp_id) {
  state_ = State{.permissions = permissions,
                 .granted = permissions,
                 .rp_id = std::move(rp_id),
                 .user_present = user_is_present,
                 .user_verified = true,
                 .used = false,
                 .began = clock_->now()};
}

bool PinUvAuthToken::in_use() {
  if (!state_) return false;
  const auto age = clock_->now() - state_->began;
  if (age > kMaxUsagePeriod) {
    stop_using("6.5.2.1: the pinUvAuthToken is older than ten minutes");
    return false;
  }
  if (!state_->used && age > kInitialUsageLimit) {
    stop_using("6.5.2.1: the pinUvAuthToken was not used within 30 s");
    return false;
  }
  if (age > kUserPresentLimit) state_->user_present = false;
  return true;
}

std::optional<Clock::TimePoint> PinUvAuthToken::ends() {
  if (!in_use()) return std::nullopt;
  const Clock::Duration limit =
      state_->used ? Clock::Duration{kMaxUsagePeriod} : Clock::Duration{kInitialUsageLimit};
  return state_->began + limit;
}

void PinUvAuthToken::mark_used() {
  if (state_) state_->used = true;
}

bool PinUvAuthToken::has(Permission permission) {
  return in_use() && (state_->permissions & permission) != 0;
}

bool PinUvAuthToken::had(Permission permission) const {
  return state_ && (state_->granted & permission) != 0;
}

bool PinUvAuthToken::user_verified() { return in_use() && state_->user_verified; }

bool PinUvAuthToken::user_present() { return in_use() && state_->user_present; }

const std::optional<std::string>& PinUvAuthToken::rp_id() const {
  static const std::optional<std::string> kNone;
  return state_ ? state_->rp_id : kNone;
}

bool PinUvAuthToken::bind_to(const std::string& rp_id) {
  if (!state_) return false;
  if (!state_->rp_id) state_->rp_id = rp_id;
  return state_->rp_id == rp_id;
}

void PinUvAuthToken::clear_after_presence() {
  if (!state_) return;
  state_->user_present = false;
  state_->user_verified = false;
  state_->permissions &= kLargeBlobWrite;
}

const char* name_of(Permission permission) {
  switch (permission) {
    case kMakeCredential:
      return "mc";
    case kGetAssertion:
      return "ga";
    case kCredentialManagement:
      return "cm";
    case kBioEnrollment:
      return "be";
    case kLargeBlobWrite:
      return "lbw";
    case kAuthenticatorConfig:
      return "acfg";
    case kPersistentCredentialManagementReadOnly:
      return "pcmr";
  }
  return "";
}

}  // namespace fauxkey::ctap
