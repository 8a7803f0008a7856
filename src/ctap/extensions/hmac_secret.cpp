#include "ctap/extensions/hmac_secret.h"

#include "crypto/hash.h"

namespace fauxkey::ctap {
namespace {

constexpr Member kKeyAgreement{1, "keyAgreement"}, kSaltEnc{2, "saltEnc"}, kSaltAuth{3, "saltAuth"},
    kPinUvAuthProtocol{4, "pinUvAuthProtocol"};
constexpr std::size_t kSaltSize = 32;

}  // namespace

Result<HmacSecretInput> read_hmac_secret(const cbor::Map& input, PinUvAuth& auth) {
  Reader reader{input, "hmac-secret"};
  const auto& platform_key = reader.required<cbor::Map>(kKeyAgreement);
  const auto& salt_enc = reader.required<Bytes>(kSaltEnc);
  const auto& salt_auth = reader.required<Bytes>(kSaltAuth);
  const auto version = reader.value_or<std::uint64_t>(kPinUvAuthProtocol, 1);
  if (!reader.ok()) return fail(reader.refusal());

  const auto protocol = auth.protocol(version);
  if (!protocol) return fail(protocol.error());
  auto shared_secret = (*protocol)->decapsulate(platform_key);
  if (!shared_secret) return fail(shared_secret.error());
  if (!(*protocol)->verify(*shared_secret, {salt_enc}, salt_auth)) {
    return fail(Status::pin_auth_invalid,
                "12.7: saltAuth does not match saltEnc under the shared secret (a new keyAgreement?)");
  }
  auto salts = (*protocol)->decrypt(*shared_secret, salt_enc);
  if (!salts) return fail(salts.error());
  if (salts->size() != kSaltSize && salts->size() != 2 * kSaltSize) {
    return fail(Status::invalid_parameter, "12.7: saltEnc holds " + std::to_string(salts->size()) +
                                               " bytes, not one or two salts of 32");
  }
  return HmacSecretInput{*protocol, *std::move(shared_secret), *std::move(salts)};
}

Bytes hmac_secret_output(const HmacSecretInput& input, const Credential& credential, bool user_verified) {
  const auto& cred_random =
      user_verified ? credential.cred_random_with_uv : credential.cred_random_without_uv;
  SecretBytes outputs{input.salts.size()};
  for (std::size_t at = 0; at < input.salts.size(); at += kSaltSize) {
    const auto output = crypto::hmac_sha256_secret(cred_random, {input.salts.view().subspan(at, kSaltSize)});
    std::ranges::copy(output.view(), outputs.data() + at);
  }
  return input.protocol->encrypt(input.shared_secret, outputs);
}

}  // namespace fauxkey::ctap
