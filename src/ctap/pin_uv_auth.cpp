#include "ctap/pin_uv_auth.h"

namespace fauxkey::ctap {

PinUvAuth::PinUvAuth(const std::vector<std::uint8_t>& versions, Random& random, const Clock& clock)
    : token_{clock} {
  protocols_.reserve(versions.size());
  for (const auto version : versions)
    protocols_.emplace_back(static_cast<PinProtocol::Version>(version), random);
}

Result<PinProtocol*> PinUvAuth::protocol(std::uint64_t version) {
  for (auto& protocol : protocols_) {
    if (static_cast<std::uint64_t>(protocol.version()) == version) return &protocol;
  }
  std::string known;
  for (const auto& protocol : protocols_) {
    auto versions = std::to_string(static_cast<unsigned>(protocol.version()));
    if (!known.empty()) versions.append(" and ").append(known);
    known = std::move(versions);
  }
  return fail(Status::invalid_parameter,
              "there is no PIN/UV auth protocol " + std::to_string(version) + ", only " + known);
}

Result<PinProtocol*> PinUvAuth::protocol(const PinUvAuthParam& auth) {
  if (!auth.protocol)
    return fail(Status::missing_parameter, "pinUvAuthProtocol is missing beside pinUvAuthParam");
  return protocol(*auth.protocol);
}

void PinUvAuth::issue_token(bool user_is_present, std::uint8_t permissions,
                            std::optional<std::string> rp_id) {
  revoke_tokens("a newer pinUvAuthToken was given out");
  token_.begin_using(user_is_present, permissions, std::move(rp_id));
}

void PinUvAuth::revoke_tokens(const char* why) {
  for (auto& protocol : protocols_) protocol.reset_token();
  token_.stop_using(why);
}

Result<void> PinUvAuth::verify(const PinUvAuthParam& auth, std::initializer_list<ByteView> message,
                               Permission permission, const char* covered) {
  const auto chosen = protocol(auth);
  if (!chosen) return fail(chosen.error());
  if (!auth.param) return fail(Status::pin_auth_invalid, "pinUvAuthParam is missing");
  if (!token_.in_use()) return fail(Status::pin_auth_invalid, token_.why_not_in_use());
  if (!(*chosen)->verify((*chosen)->token(), message, *auth.param)) {
    return fail(Status::pin_auth_invalid,
                std::string{"pinUvAuthParam does not match "} + covered + " under the token");
  }
  token_.mark_used();
  if (token_.has(permission)) return {};
  if (token_.had(permission)) {
    return fail(Status::pin_auth_invalid, std::string{"the token's permission "} + name_of(permission) +
                                              " was used up by the user's presence for another request");
  }
  return fail(Status::pin_auth_invalid,
              std::string{"the token has no permission "} + name_of(permission) + " (6.5.5.7)");
}

}  // namespace fauxkey::ctap
