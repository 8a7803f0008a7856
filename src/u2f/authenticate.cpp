// U2F_AUTHENTICATE (section 5).
#include "authenticator/credential_keys.h"
#include "u2f/u2f.h"

namespace fauxkey::u2f {
namespace {

// The control byte, P1.
constexpr std::uint8_t kCheckOnly = 0x07;
constexpr std::uint8_t kEnforceUserPresence = 0x03;
constexpr std::uint8_t kDoNotEnforceUserPresence = 0x08;

constexpr std::uint8_t kUserPresent = 0x01;

}  // namespace

Answer authenticate(const Apdu& apdu, Context& context) {
  if (apdu.p1 != kCheckOnly && apdu.p1 != kEnforceUserPresence && apdu.p1 != kDoNotEnforceUserPresence) {
    return StatusWord::wrong_parameters;
  }
  RpIdHash application{};
  constexpr std::size_t kHandleAt = kChallengeSize + application.size() + 1;
  if (apdu.data.size() < kHandleAt || apdu.data.size() != kHandleAt + apdu.data[kHandleAt - 1]) {
    return StatusWord::wrong_length;
  }
  const ByteView challenge = apdu.data.first(kChallengeSize);
  std::ranges::copy(apdu.data.subspan(kChallengeSize, application.size()), application.begin());
  const auto found = context.key.find(apdu.data.subspan(kHandleAt), application);
  if (!found) return StatusWord::unknown_error;
  // CTAP1 cannot verify the user, so what credProtect keeps for verified users is not there; U2F signs by
  // ES256 only.
  const auto& credential = *found;
  if (!credential || credential->cred_protect == CredProtect::required ||
      credential->algorithm != Algorithm::es256) {
    return StatusWord::wrong_data;
  }
  if (apdu.p1 == kCheckOnly) return StatusWord::conditions_not_satisfied;  // "yes, it is mine": section 5.1
  const bool present = apdu.p1 == kEnforceUserPresence;
  if (present && !context.presence.given(Operation::get_assertion, application, context.exchange)) {
    return StatusWord::conditions_not_satisfied;
  }
  const auto counter = context.key.next_sign_count(*credential);
  if (!counter) return StatusWord::unknown_error;

  Bytes response{present ? kUserPresent : std::uint8_t{0}};
  for (const int shift : {24, 16, 8, 0}) response.push_back(static_cast<std::uint8_t>(*counter >> shift));
  Bytes signed_data{application.begin(), application.end()};
  append(signed_data, response);
  append(signed_data, challenge);
  append(response, sign(*credential, signed_data));
  return response;
}

}  // namespace fauxkey::u2f
