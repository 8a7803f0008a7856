// What a request is, as far as rules look at it: which command, for which relying party, and what its answer
// will sign.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fauxkey/bytes.h"

namespace fauxkey::control::faults {

/// Which kinds of requests an action can be for: a set of bits.
using Kinds = std::uint8_t;
inline constexpr Kinds kRegistration = 0x01;  ///< makeCredential
inline constexpr Kinds kAssertion = 0x02;     ///< getAssertion, getNextAssertion
inline constexpr Kinds kOtherCtap = 0x04;
inline constexpr Kinds kU2fRegistration = 0x08;
inline constexpr Kinds kU2fAssertion = 0x10;
inline constexpr Kinds kOtherU2f = 0x20;
inline constexpr Kinds kCtap = kRegistration | kAssertion | kOtherCtap;
inline constexpr Kinds kU2f = kU2fRegistration | kU2fAssertion | kOtherU2f;
inline constexpr Kinds kRegistrations = kRegistration | kU2fRegistration;
inline constexpr Kinds kAssertions = kAssertion | kU2fAssertion;
inline constexpr Kinds kSigned = kRegistrations | kAssertions;
inline constexpr Kinds kAll = kCtap | kU2f;

/// The command that a getNextAssertion goes on with.
inline constexpr std::uint8_t kGetAssertion = 0x02;

/// A command that rules can name.
struct CommandRow {
  std::string_view name;
  std::uint8_t command = 0;  ///< CTAP2's command byte, or U2F's instruction
  Kinds kind = kOtherCtap;
  int sub_command = 0;  ///< the member that holds it; 0: there is none
};
[[nodiscard]] std::span<const CommandRow> commands();

struct Request {
  Kinds kind = kOtherCtap;  ///< one bit
  std::uint8_t command = 0;
  std::string_view name{};  ///< empty where rules have no name for it
  std::optional<std::uint64_t> sub_command{};
  std::optional<RpIdHash> rp_id_hash{};
  Bytes client_data_hash{};  ///< U2F: the challenge parameter
  Bytes key_handle{};        ///< U2F: of an authentication

  [[nodiscard]] bool is_u2f() const { return (kind & kU2f) != 0; }
};

/// A CTAP2 message of any bytes. `get_assertion`: the message that a getNextAssertion goes on with; empty
/// where there is none.
[[nodiscard]] Request describe_ctap(ByteView message, ByteView get_assertion);
/// An APDU of any bytes.
[[nodiscard]] Request describe_u2f(ByteView apdu);

}  // namespace fauxkey::control::faults
