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
    return refuse(StatusWord::wrong_parameters,
                  "5.1: the control byte is " + std::to_string(apdu.p1) + ", not 7, 3 or 8");
  }
  RpIdHash application{};
  constexpr std::size_t kHandleAt = kChallengeSize + application.size() + 1;
  if (apdu.data.size() < kHandleAt || apdu.data.size() != kHandleAt + apdu.data[kHandleAt - 1]) {
    return refuse(StatusWord::wrong_length,
                  "5.1: the data is not a challenge, an application and a key handle of the length it says");
  }
  const ByteView challenge = apdu.data.first(kChallengeSize);
  std::ranges::copy(apdu.data.subspan(kChallengeSize, application.size()), application.begin());
  const auto found = context.key.find(apdu.data.subspan(kHandleAt), application);
  if (!found) return refuse(StatusWord::unknown_error, found.error().why);
  // CTAP1 cannot verify the user, so what credProtect keeps for verified users is not there; U2F signs by
  // ES256 only.
  const auto& credential = *found;
  if (!credential) return refuse(StatusWord::wrong_data, "the key handle is not of this key and application");
  if (credential->cred_protect == CredProtect::required)
    return refuse(StatusWord::wrong_data, "credProtect 3, and U2F cannot verify the user");
  if (credential->algorithm != Algorithm::es256) {
    return refuse(StatusWord::wrong_data, std::string{"the credential signs by "} +
                                              name_of(credential->algorithm) + ", and U2F by ES256 alone");
  }
  if (apdu.p1 == kCheckOnly) {
    return refuse(StatusWord::conditions_not_satisfied,
                  "5.1: check-only, and this means yes: the key handle is of this key and application");
  }
  const bool present = apdu.p1 == kEnforceUserPresence;
  if (present && !context.presence.given(Operation::get_assertion, application, context.exchange)) {
    return refuse(StatusWord::conditions_not_satisfied, kNotTouched);
  }
  const auto least = context.key.persona().timings.assertion;
  if (const auto worked = context.key.work(least, context.exchange); !worked)
    return refuse(StatusWord::conditions_not_satisfied, worked.error().why);
  const auto counter = context.key.next_sign_count(*credential);
  if (!counter) return refuse(StatusWord::unknown_error, counter.error().why);

  Bytes response{present ? kUserPresent : std::uint8_t{0}};
  for (const int shift : {24, 16, 8, 0}) response.push_back(static_cast<std::uint8_t>(*counter >> shift));
  Bytes signed_data{application.begin(), application.end()};
  append(signed_data, response);
  append(signed_data, challenge);
  append(response, sign(*credential, signed_data));
  return response;
}

}  // namespace fauxkey::u2f
