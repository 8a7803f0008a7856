// The state of the pinUvAuthToken (CTAP 2.3, 6.5.2.1 and 6.5.3): who may do what with it, and for how long.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "fauxkey/clock.h"

namespace fauxkey::ctap {

/// Permissions of 6.5.5.7; a token's are a set of bits.
enum Permission : std::uint8_t {
  kMakeCredential = 0x01,
  kGetAssertion = 0x02,
  kCredentialManagement = 0x04,
  kBioEnrollment = 0x08,
  kLargeBlobWrite = 0x10,
  kAuthenticatorConfig = 0x20,
  kPersistentCredentialManagementReadOnly = 0x40,
};

inline constexpr std::array kPermissions{kMakeCredential,
                                         kGetAssertion,
                                         kCredentialManagement,
                                         kBioEnrollment,
                                         kLargeBlobWrite,
                                         kAuthenticatorConfig,
                                         kPersistentCredentialManagementReadOnly};

class PinUvAuthToken {
 public:
  static constexpr std::chrono::seconds kInitialUsageLimit{30};  // 6.5.2.1, USB
  static constexpr std::chrono::seconds kUserPresentLimit{30};   // 6.5.2.1, at most
  static constexpr std::chrono::minutes kMaxUsagePeriod{10};     // 6.5.2.1

  explicit PinUvAuthToken(const Clock& clock) : clock_{&clock} {}

  /// beginUsingPinUvAuthToken: the user has just been verified.
  void begin_using(bool user_is_present, std::uint8_t permissions, std::optional<std::string> rp_id);
  /// `why`: a literal, for whoever comes with the token later.
  void stop_using(const char* why) {
    if (state_) why_not_in_use_ = why;
    state_.reset();
  }

  /// Whether a verification may use the token now; the timers end it here.
  [[nodiscard]] bool in_use();
  /// Why there is no token in use, as the clause of a refusal.
  [[nodiscard]] const char* why_not_in_use() const { return why_not_in_use_; }
  /// When a timer ends it, if it is in use and nothing else ends it before.
  [[nodiscard]] std::optional<Clock::TimePoint> ends();
  [[nodiscard]] std::uint8_t permissions() const { return state_ ? state_->permissions : 0; }
  /// To be called after each successful verification: the initial usage limit no longer applies.
  void mark_used();
  [[nodiscard]] bool has(Permission permission);
  /// Whether it had the permission once, before it was used up.
  [[nodiscard]] bool had(Permission permission) const;
  [[nodiscard]] bool user_verified();
  [[nodiscard]] bool user_present();
  [[nodiscard]] const std::optional<std::string>& rp_id() const;
  /// Binds a token without a relying party to this one; false where it is bound to another.
  [[nodiscard]] bool bind_to(const std::string& rp_id);

  /// clearUserPresentFlag, clearUserVerifiedFlag and clearPinUvAuthTokenPermissionsExceptLbw, which the
  /// specification always asks for together: the user's consent covers one operation.
  void clear_after_presence();

 private:
  struct State {
    std::uint8_t permissions = 0;
    std::uint8_t granted = 0;  ///< permissions at the beginning
    std::optional<std::string> rp_id;
    bool user_present = false;
    bool user_verified = true;
    bool used = false;
    Clock::TimePoint began;
  };
  const Clock* clock_;
  std::optional<State> state_;
  const char* why_not_in_use_ = "no pinUvAuthToken was given out since power-up";
};

/// "ga" and so on, as 6.5.5.7 names it; a literal.
[[nodiscard]] const char* name_of(Permission permission);

}  // namespace fauxkey::ctap
