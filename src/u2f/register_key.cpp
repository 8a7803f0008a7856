// U2F_REGISTER (section 4).
#include "crypto/p256.h"
#include "u2f/u2f.h"

namespace fauxkey::u2f {
namespace {

constexpr std::uint8_t kReserved = 0x05;  // section 4.3

/// An uncompressed point (SEC 1, 2.3.3).
Bytes encode_point(const crypto::p256::PublicKey& point) {
  Bytes bytes{0x04};
  append(bytes, point.x);
  append(bytes, point.y);
  return bytes;
}

}  // namespace

Answer register_key(const Apdu& apdu, Context& context) {
  RpIdHash application{};
  if (apdu.data.size() != kChallengeSize + application.size()) {
    return refuse(StatusWord::wrong_length, "4.1: U2F_REGISTER has " + std::to_string(apdu.data.size()) +
                                                " bytes of data, not 32 and 32");
  }
  const ByteView challenge = apdu.data.first(kChallengeSize);
  std::ranges::copy(apdu.data.subspan(kChallengeSize), application.begin());
  if (!context.presence.given(Operation::make_credential, application, context.exchange)) {
    return refuse(StatusWord::conditions_not_satisfied, kNotTouched);
  }
  const auto& persona = context.key.persona();
  if (const auto worked = context.key.work(persona.timings.registration, context.exchange); !worked)
    return refuse(StatusWord::conditions_not_satisfied, worked.error().why);
  const auto credential = context.key.create({.rp_id_hash = application});
  if (!credential) return refuse(StatusWord::unknown_error, credential.error().why);
  const Bytes point = encode_point(crypto::p256::public_key(credential->private_key));

  Bytes signed_data{0x00};
  append(signed_data, application);
  append(signed_data, challenge);
  append(signed_data, credential->id);
  append(signed_data, point);

  Bytes response{kReserved};
  append(response, point);
  response.push_back(static_cast<std::uint8_t>(credential->id.size()));
  append(response, credential->id);
  append(response, context.key.attestation().leaf().certificate());
  append(response, context.key.attestation().leaf().sign(signed_data));
  return response;
}

}  // namespace fauxkey::u2f
