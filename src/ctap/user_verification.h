// Steps that makeCredential and getAssertion share (CTAP 2.3, 6.1.2 and 6.2.2): the touch of old clients that
// probe for a PIN, the check of a pinUvAuthParam, and the user's presence.
#pragma once

#include "ctap/command.h"
#include "ctap/verification.h"

namespace fauxkey::ctap {

/// Step 1: a pinUvAuthParam of no bytes asks only which key is meant and whether it has a PIN. Always a
/// refusal: PIN_NOT_SET or PIN_INVALID after a touch.
[[nodiscard]] Refusal answer_pin_probe(Request& request);
[[nodiscard]] inline bool is_pin_probe(const PinUvAuthParam& auth) {
  return auth.param && auth.param->empty();
}

/// Verifies the token for this command and relying party; the user then counts as verified. PIN_AUTH_INVALID
/// otherwise.
[[nodiscard]] Result<void> verify_token(Session& session, const PinUvAuthParam& auth,
                                        ByteView client_data_hash, const std::string& rp_id,
                                        Permission permission);

/// What the request's options and pinUvAuthParam ask for, with alwaysUv's say in it (6.1.2, steps 5 and
/// 6; 6.2.2, steps 4 and 5). INVALID_OPTION where "uv" asks for what the key lacks, PUAT_REQUIRED where
/// alwaysUv wants more than came.
[[nodiscard]] Result<Verification> choose_verification(Request& request, const PinUvAuthParam& auth, bool uv,
                                                       bool up);

/// Verifies the user by the key's own means, with a few tries. PUAT_REQUIRED where the platform had better
/// ask for the PIN, OPERATION_DENIED where there is none to ask for.
[[nodiscard]] Result<void> verify_by_key(Request& request, const Prompt& prompt);

/// The user's consent: a token that was given with presence stands for it, else the user is asked. The
/// token's flags and permissions are used up by it.
/// Built-in verification has seen the user already.
[[nodiscard]] Result<void> collect_presence(Request& request, Verification verification,
                                            const Prompt& prompt);
/// The same where the user is known to have touched the key.
void use_up_presence(Request& request, Verification verification);

}  // namespace fauxkey::ctap
