// U2F (CTAP1) on the same key: register, authenticate and version (FIDO U2F Raw Message Formats 1.2).
#pragma once

#include "authenticator/authenticator.h"
#include "fauxkey/bytes.h"
#include "u2f/apdu.h"
#include "u2f/presence.h"

namespace fauxkey::u2f {

/// Both requests begin with it: the SHA-256 of the client data.
inline constexpr std::size_t kChallengeSize = 32;

struct Answer {
  StatusWord status;
  Bytes data;
  Answer(StatusWord only_status) : status{only_status} {}  // NOLINT(google-explicit-constructor)
  Answer(Bytes bytes)
      : status{StatusWord::no_error}, data{std::move(bytes)} {}  // NOLINT(google-explicit-constructor)
};

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
