#include "ctap/user_verification.h"

#include "ctap/shown.h"

namespace fauxkey::ctap {

Refusal answer_pin_probe(Request& request) {
  const auto touched = request.session.key.confirm_presence({Operation::pin_probe, {}, {}}, request.exchange);
  if (!touched) return touched.error();
  constexpr const char* kProbe = "step 1: pinUvAuthParam has no bytes, which only asks for a PIN: ";
  if (request.session.key.pin().is_set()) return {Status::pin_invalid, std::string{kProbe} + "one is set"};
  return {Status::pin_not_set, std::string{kProbe} + "none is set"};
}

Result<void> verify_token(Session& session, const PinUvAuthParam& auth, ByteView client_data_hash,
                          const std::string& rp_id, Permission permission) {
  if (auto verified = session.auth.verify(auth, {client_data_hash}, permission, "clientDataHash"); !verified)
    return verified;
  auto& token = session.auth.token();
  if (!token.user_verified())
    return fail(Status::pin_auth_invalid, "the token's userVerified flag is used up by another request");
  if (!token.bind_to(rp_id)) {
    return fail(Status::pin_auth_invalid,
                "the token is bound to " + shown_rp_id(*token.rp_id()) + ", not to " + shown_rp_id(rp_id));
  }
  return {};
}

Result<Verification> choose_verification(Request& request, const PinUvAuthParam& auth, bool uv, bool up) {
  const auto& key = request.session.key;
  if (auth.param) {
    if (const auto known = request.session.auth.protocol(auth); !known) return fail(known.error());
    return Verification::token;  // "uv" is ignored beside it
  }
  if (uv && !key.has_built_in_uv()) {
    return fail(Status::invalid_option, key.supports_built_in_uv()
                                            ? "option uv is true, and no finger is enrolled"
                                            : "option uv is true, and the key cannot verify its user");
  }
  if (uv) return Verification::built_in;
  if (!key.settings().always_uv || !up) return Verification::none;
  if (!key.has_built_in_uv())
    return fail(Status::puat_required, "alwaysUv is on, and the request has no pinUvAuthParam");
  return Verification::built_in;
}

Result<void> verify_by_key(Request& request, const Prompt& prompt) {
  constexpr int kTries = 3;  // 6.5.3.1, "performBuiltInUv" with internalRetry
  std::string why;
  for (int i = 0; i < kTries; ++i) {
    auto verified = request.session.key.verify_user(prompt, request.exchange);
    if (verified) return verified;
    why = verified.error().why;
    if (verified.error() == Status::uv_blocked) break;
    if (verified.error() != Status::uv_invalid) return verified;
  }
  if (request.session.key.pin().is_set())
    return fail(Status::puat_required, why + "; the platform is to ask for the PIN");
  return fail(Status::operation_denied, why + "; there is no PIN to ask for");
}

Result<void> collect_presence(Request& request, Verification verification, const Prompt& prompt) {
  if (verification == Verification::built_in) return {};
  const bool by_token = verification == Verification::token;
  if (!by_token || !request.session.auth.token().user_present()) {
    if (auto touched = request.session.key.confirm_presence(prompt, request.exchange); !touched)
      return touched;
  }
  use_up_presence(request, verification);
  return {};
}

void use_up_presence(Request& request, Verification verification) {
  if (verification == Verification::token) request.session.auth.token().clear_after_presence();
}

}  // namespace fauxkey::ctap
