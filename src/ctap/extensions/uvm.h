// The uvm extension (WebAuthn Level 2, 10.3): how the user was verified. Off unless the key is configured to
// have it.
#pragma once

#include "authenticator/authenticator.h"
#include "cbor/cbor.h"
#include "ctap/verification.h"

namespace fauxkey::ctap {

inline constexpr const char* kUvm = "uvm";

/// One entry: method, key protection, matcher protection.
[[nodiscard]] cbor::Array uvm_output(const Authenticator& key, Verification verification);

}  // namespace fauxkey::ctap
