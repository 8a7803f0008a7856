// U2F (CTAP1) on the same key: register, authenticate and version (FIDO U2F Raw Message Formats 1.2).
#pragma once

#include "authenticator/authenticator.h"
#include "fauxkey/bytes.h"
#include "u2f/apdu.h"
#include "u2f/presence.h"

namespace fauxkey::u2f {

/// Both requests begin with it: the SHA-256 of the client data.
inline constexpr std::size_t kChallengeSize = 32;

/// The data, or why there is none.
using Answer = std::expected<Bytes, Refused>;

[[nodiscard]] inline std::unexpected<Refused> refuse(StatusWord status, std::string why) {
  return std::unexpected{Refused{status, std::move(why)}};
}

/// While the user has not been asked long enough, and after a no; clients ask again.
inline constexpr const char* kNotTouched = "the user has not touched the key yet, or said no";

struct Context {
  Authenticator& key;
  Presence& presence;
  const Exchange& exchange;
};

// The commands, each in its own file.
[[nodiscard]] Answer register_key(const Apdu& apdu, Context& context);
[[nodiscard]] Answer authenticate(const Apdu& apdu, Context& context);
[[nodiscard]] Answer version(const Apdu& apdu, Context& context);

/// A command APDU in, data and status word out.
[[nodiscard]] Bytes process(ByteView apdu, Context context);

}  // namespace fauxkey::u2f
