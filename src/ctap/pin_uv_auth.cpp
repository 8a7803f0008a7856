#include "ctap/pin_uv_auth.h"

namespace fauxkey::ctap {

PinUvAuth::PinUvAuth(Random& random, const Clock& clock)
    : protocols_{PinProtocol{PinProtocol::Version::two, random},
                 PinProtocol{PinProtocol::Version::one, random}},
      token_{clock} {}

Result<PinProtocol*> PinUvAuth::protocol(std::uint64_t version) {
  for (auto& protocol : protocols_) {
    if (static_cast<std::uint64_t>(protocol.version()) == version) return &protocol;
  }
  return fail(Status::invalid_parameter);
}

Result<PinProtocol*> PinUvAuth::protocol(const PinUvAuthParam& auth) {
  if (!auth.protocol) return fail(Status::missing_parameter);
  return protocol(*auth.protocol);
}

void PinUvAuth::issue_token(bool user_is_present, std::uint8_t permissions,
                            std::optional<std::string> rp_id) {
  revoke_tokens();
  token_.begin_using(user_is_present, permissions, std::move(rp_id));
}

void PinUvAuth::revoke_tokens() {
  for (auto& protocol : protocols_) protocol.reset_token();
  token_.stop_using();
}

Result<void> PinUvAuth::verify(const PinUvAuthParam& auth, std::initializer_list<ByteView> message,
                               Permission permission) {
  const auto chosen = protocol(auth);
  if (!chosen) return fail(chosen.error());
  if (!auth.param || !token_.in_use() || !(*chosen)->verify((*chosen)->token(), message, *auth.param)) {
    return fail(Status::pin_auth_invalid);
  }
  token_.mark_used();
  if (!token_.has(permission)) return fail(Status::pin_auth_invalid);
  return {};
}

}  // namespace fauxkey::ctap
