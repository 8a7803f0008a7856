// What CTAP2 remembers from one request to the next, beyond the key's own state.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "authenticator/authenticator.h"
#include "ctap/extensions/assertion.h"
#include "ctap/pin_uv_auth.h"

namespace fauxkey::ctap {

/// getAssertion's further answers, for getNextAssertion (CTAP 2.3, 6.3).
struct PendingAssertions {
  RpIdHash rp_id_hash{};
  Bytes client_data_hash;
  bool user_present = false;
  bool user_selected = false;  ///< on the key's display, where there was a choice
  Verification verification = Verification::none;
  bool named = false;  ///< by an allowList
  AssertionExtensions extensions;
  /// attestationFormatsPreference: an assertion is attested only where it is there and not empty.
  std::vector<std::string> attestation_formats;
  bool enterprise_attestation = false;
  std::deque<Bytes> credential_ids;  ///< still to be answered, in this order

  [[nodiscard]] bool user_verified() const { return verification != Verification::none; }
};

/// Where credentialManagement's enumerateRPs (6.8.3) and enumerateCredentials (6.8.4) stand.
struct PendingRelyingParties {
  std::uint64_t revision = 0;  ///< of the store when it began
  std::uint64_t cursor = 0;
  std::size_t left = 0;
};
struct PendingCredentials {
  std::uint64_t revision = 0;
  std::uint64_t cursor = 0;
  std::size_t left = 0;
  RpIdHash rp_id_hash{};
};

/// authenticatorLargeBlobs' fragments so far (6.10.2).
struct PendingLargeBlob {
  std::size_t expected_length = 0;
  Bytes bytes;
};

/// A finger that is being enrolled (6.7.4). It outlasts the commands by which a platform gets its next token.
struct PendingEnrollment {
  std::uint32_t channel = 0;
  Bytes template_id;
  std::optional<std::uint32_t> finger;  ///< that gave the first good sample
  std::uint8_t remaining = 0;
};

/// A sequence that a "next" command may go on with. It belongs to one channel and ends with any other command
/// on it (6, "stateful commands").
using Sequence = std::variant<std::monostate, PendingAssertions, PendingRelyingParties, PendingCredentials,
                              PendingLargeBlob>;

/// The open sequences of the channels that asked last; the oldest makes room for new ones.
class Sequences {
 public:
  static constexpr std::size_t kMaxChannels = 16;
  static constexpr std::chrono::seconds kTimeLimit{30};  // 6.3, step 3

  explicit Sequences(const Clock& clock) : clock_{&clock} {}
  /// Takes it out, so that it is over unless it is put back; nothing where it is too old.
  [[nodiscard]] Sequence take(std::uint32_t channel);
  /// Begins or goes on with one; the time limit runs from now.
  void put(std::uint32_t channel, Sequence sequence);
  void clear() { open_.clear(); }
  /// When the last of them is too old to be gone on with; nothing where there is none.
  [[nodiscard]] std::optional<Clock::TimePoint> ends() const;

 private:
  struct Open {
    std::uint32_t channel;
    Clock::TimePoint since;
    Sequence sequence;
  };
  const Clock* clock_;
  std::deque<Open> open_;
};

struct Session {
  explicit Session(Authenticator& authenticator)
      : key{authenticator},
        auth{authenticator.persona().pin_uv_auth_protocols, authenticator.random(), authenticator.clock()},
        sequences{authenticator.clock()} {}

  Authenticator& key;
  PinUvAuth auth;
  Sequences sequences;
  std::optional<PendingEnrollment> enrollment;

  void power_cycle() {
    key.power_cycle();
    forget_platforms("the pinUvAuthToken ended with a power cycle");
  }
  /// Ends what platforms were given: tokens and sequences.
  void forget_platforms(const char* why) {
    auth.revoke_tokens(why);
    sequences.clear();
    enrollment.reset();
  }
};

}  // namespace fauxkey::ctap
