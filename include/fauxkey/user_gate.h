// Port: the person at the key. A command that needs user presence asks here and blocks until there is an
// answer; the gate decides where the question is shown, if at all.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "fauxkey/clock.h"

namespace fauxkey {

/// What the person is asked to approve.
enum class Operation : std::uint8_t {
  make_credential,     ///< register at `rp_id` as `account`
  get_assertion,       ///< log in at `rp_id`, as `account` where one is known
  already_registered,  ///< a relying party tried to register this key again (excludeList); the answer only
                       ///< ends it
  reset,               ///< erase everything
  selection,           ///< tell which key is meant
  pin_probe,           ///< as selection, by an old client's empty pinUvAuthParam
};

struct Prompt {
  Operation operation{};
  /// As the host sent them; whoever shows them escapes control and direction characters. May be empty.
  std::string rp_id;
  std::string account;
};

enum class UserAnswer : std::uint8_t { approved, denied, timed_out, cancelled };

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

 protected:
  UserGate() = default;
};

}  // namespace fauxkey
