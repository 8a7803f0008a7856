// Gates that need no person: the answer is a policy, set when the daemon starts.
#pragma once

#include "fauxkey/user_gate.h"

namespace fauxkey::user {

/// Approves at once. Whoever reaches the key can use it: for tests and development.
class AutoGate final : public UserGate {
 public:
  [[nodiscard]] UserAnswer confirm_presence(const Prompt& /*prompt*/, std::stop_token stop,
                                            Clock::TimePoint /*deadline*/) override {
    return stop.stop_requested() ? UserAnswer::cancelled : UserAnswer::approved;
  }
};

/// Refuses at once: the key can be looked at, not used.
class DenyGate final : public UserGate {
 public:
  [[nodiscard]] UserAnswer confirm_presence(const Prompt& /*prompt*/, std::stop_token stop,
                                            Clock::TimePoint /*deadline*/) override {
    return stop.stop_requested() ? UserAnswer::cancelled : UserAnswer::denied;
  }
};

}  // namespace fauxkey::user
