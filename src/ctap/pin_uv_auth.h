// Everything about PIN/UV authentication that lives between requests: both protocols and the token's state,
// with the checks that the commands share.
#pragma once

#include <vector>

#include "ctap/messages.h"
#include "ctap/pin_protocol.h"
#include "ctap/pin_uv_token.h"

namespace fauxkey::ctap {

class PinUvAuth {
 public:
  /// `versions`: the key's, of 1 and 2.
  PinUvAuth(const std::vector<std::uint8_t>& versions, Random& random, const Clock& clock);

  /// INVALID_PARAMETER where that version is unknown.
  [[nodiscard]] Result<PinProtocol*> protocol(std::uint64_t version);
  /// The same for what came beside a pinUvAuthParam; MISSING_PARAMETER where no version came.
  [[nodiscard]] Result<PinProtocol*> protocol(const PinUvAuthParam& auth);

  /// A new token for both protocols, in use from now on.
  void issue_token(bool user_is_present, std::uint8_t permissions, std::optional<std::string> rp_id);
  /// No token is valid any more: a power cycle, a new PIN, a reset. `why`: a literal that says which.
  void revoke_tokens(const char* why);
  [[nodiscard]] PinUvAuthToken& token() { return token_; }

  /// PIN_AUTH_INVALID unless `auth` authenticates the message by the token in use and the token has the
  /// permission. `covered`: what the message is, for the refusal.
  [[nodiscard]] Result<void> verify(const PinUvAuthParam& auth, std::initializer_list<ByteView> message,
                                    Permission permission, const char* covered);

 private:
  std::vector<PinProtocol> protocols_;
  PinUvAuthToken token_;
};

}  // namespace fauxkey::ctap
