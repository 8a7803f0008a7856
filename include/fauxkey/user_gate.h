// Port: the person at the key. A command that needs user presence asks here and blocks until there is an
// answer; the gate decides where the question is shown, if at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "fauxkey/clock.h"
#include "fauxkey/credential.h"

namespace fauxkey {

/// What the person is asked to approve.
enum class Operation : std::uint8_t {
  make_credential,      ///< register at `rp_id` as `account`
  get_assertion,        ///< log in at `rp_id`, as `account` where one is known
  already_registered,   ///< a relying party tried to register this key again (excludeList); the answer only
                        ///< ends it
  reset,                ///< erase everything
  selection,            ///< tell which key is meant
  verification,         ///< verify the user for what a platform is about to ask
  enrollment,           ///< put a finger on the sensor, to be known by it
  reset_by_long_touch,  ///< as reset, by a touch that lasts: the user has asked for such
  pin_probe,            ///< as selection, by an old client's empty pinUvAuthParam
};

struct Prompt {
  Operation operation{};
  /// As the host sent them; whoever shows them escapes control and direction characters. May be empty.
  std::string rp_id;
  std::string account;
  /// Those to choose from, the newest first; of choose_account alone.
  std::vector<UserEntity> accounts{};
};

enum class UserAnswer : std::uint8_t {
  approved,
  denied,
  not_verified,  ///< present, but not the one whom the key knows; an answer to verify_user alone
  timed_out,
  cancelled,
};

/// How well a sensor saw a finger: bioEnrollment's lastEnrollSampleStatus (CTAP 2.3, 6.7.4).
enum class SampleStatus : std::uint8_t {
  good = 0x00,
  too_high = 0x01,
  too_low = 0x02,
  too_left = 0x03,
  too_right = 0x04,
  too_fast = 0x05,
  too_slow = 0x06,
  poor_quality = 0x07,
  too_skewed = 0x08,
  too_short = 0x09,
  merge_failure = 0x0A,
  exists = 0x0B,
  no_user_activity = 0x0D,
  no_user_presence_transition = 0x0E,
};

/// Which of a prompt's accounts was chosen.
struct AccountChoice {
  UserAnswer answer{};
  std::size_t account = 0;  ///< its place among them, where the answer is `approved`
};

/// What a fingerprint sensor reports: a person's fingers are numbers.
struct FingerScan {
  UserAnswer answer{};
  std::uint32_t finger = 1;
  SampleStatus sample = SampleStatus::good;
};

class UserGate {
 public:
  virtual ~UserGate() = default;
  UserGate(const UserGate&) = delete;
  UserGate& operator=(const UserGate&) = delete;

  /// Blocks until the person has answered, `stop` is requested (cancelled) or `deadline` has come
  /// (timed_out); both of these end it at once. One call at a time for each key; several keys may share a
  /// gate.
  [[nodiscard]] virtual UserAnswer confirm_presence(const Prompt& prompt, std::stop_token stop,
                                                    Clock::TimePoint deadline) = 0;

  /// Built-in user verification: the same question, whose approval says besides that it is the right person.
  /// Unless a gate knows better, whoever may answer its prompts is that person.
  [[nodiscard]] virtual UserAnswer verify_user(const Prompt& prompt, std::stop_token stop,
                                               Clock::TimePoint deadline) {
    return confirm_presence(prompt, std::move(stop), deadline);
  }

  /// A finger on the key's sensor. Unless a gate knows better, everyone has one finger, and approves by it.
  [[nodiscard]] virtual FingerScan scan_finger(const Prompt& prompt, std::stop_token stop,
                                               Clock::TimePoint deadline) {
    return {.answer = confirm_presence(prompt, std::move(stop), deadline)};
  }

  /// Whether the key has a display by which its user chooses among several accounts (CTAP 2.3, 6.2.2, step
  /// 12). Without one the platform gets all of them, and asks.
  [[nodiscard]] virtual bool has_display() const { return false; }
  /// Asked only where there is a display; who chooses has touched the key by it. Unless a gate knows better,
  /// the newest account is chosen.
  [[nodiscard]] virtual AccountChoice choose_account(const Prompt& prompt, std::stop_token stop,
                                                     Clock::TimePoint deadline) {
    return {.answer = confirm_presence(prompt, std::move(stop), deadline)};
  }

 protected:
  UserGate() = default;
};

}  // namespace fauxkey
