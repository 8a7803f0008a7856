#include "ctap/assertion.h"

#include "authenticator/credential_keys.h"
#include "ctap/authenticator_data.h"

namespace fauxkey::ctap {
namespace {

constexpr int kCredential = 1, kAuthData = 2, kSignature = 3, kUser = 4, kNumberOfCredentials = 5;

}  // namespace

Result<cbor::Map> make_assertion(Session& session, const Credential& credential,
                                 const PendingAssertions& terms, std::size_t number_of_credentials,
                                 bool with_names) {
  cbor::Map extensions;
  if (terms.hmac_secret) {
    extensions.emplace_back(kHmacSecret,
                            hmac_secret_output(*terms.hmac_secret, credential, terms.user_verified));
  }
  const auto sign_count = session.key.next_sign_count(credential);
  if (!sign_count) return fail(sign_count.error());
  const Bytes auth_data = encode({.rp_id_hash = terms.rp_id_hash,
                                  .user_present = terms.user_present,
                                  .user_verified = terms.user_verified,
                                  .sign_count = *sign_count,
                                  .extensions = std::move(extensions)});
  Bytes to_sign = auth_data;
  append(to_sign, terms.client_data_hash);

  cbor::Map response{
      {kCredential, descriptor(credential)}, {kAuthData, auth_data}, {kSignature, sign(credential, to_sign)}};
  if (credential.discoverable) response.emplace_back(kUser, user_entity(credential.user, with_names));
  if (number_of_credentials > 1) {
    response.emplace_back(kNumberOfCredentials, static_cast<std::uint64_t>(number_of_credentials));
  }
  return response;
}

}  // namespace fauxkey::ctap
