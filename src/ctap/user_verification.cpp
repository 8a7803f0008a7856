#include "ctap/user_verification.h"

namespace fauxkey::ctap {

Status answer_pin_probe(Request& request) {
  const auto touched = request.session.key.confirm_presence({Operation::pin_probe, {}, {}}, request.exchange);
  if (!touched) return touched.error();
  return request.session.key.pin().is_set() ? Status::pin_invalid : Status::pin_not_set;
}

Result<void> verify_token(Session& session, const PinUvAuthParam& auth, ByteView client_data_hash,
                          const std::string& rp_id, Permission permission) {
  if (auto verified = session.auth.verify(auth, {client_data_hash}, permission); !verified) return verified;
  auto& token = session.auth.token();
  if (!token.user_verified() || !token.bind_to(rp_id)) return fail(Status::pin_auth_invalid);
  return {};
}

Result<void> collect_presence(Request& request, bool by_token, const Prompt& prompt) {
  auto& token = request.session.auth.token();
  if (!by_token || !token.user_present()) {
    if (auto touched = request.session.key.confirm_presence(prompt, request.exchange); !touched)
      return touched;
  }
  if (by_token) token.clear_after_presence();
  return {};
}

}  // namespace fauxkey::ctap
