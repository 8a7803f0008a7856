#include "ctap/assertion.h"

#include "authenticator/credential_keys.h"
#include "ctap/attestation_statement.h"
#include "ctap/authenticator_data.h"

namespace fauxkey::ctap {
namespace {

constexpr int kCredential = 1, kAuthData = 2, kSignature = 3, kUser = 4, kNumberOfCredentials = 5,
              kUserSelected = 6, kLargeBlobKeyMember = 7, kUnsignedExtensionOutputs = 8, kEpAtt = 9,
              kAttStmt = 10;

}  // namespace

Result<cbor::Map> make_assertion(Session& session, const Credential& credential,
                                 const PendingAssertions& terms, std::size_t number_of_credentials,
                                 bool with_names) {
  const auto sign_count = session.key.next_sign_count(credential);
  if (!sign_count) return fail(sign_count.error());
  const Bytes auth_data = encode(
      {.rp_id_hash = terms.rp_id_hash,
       .user_present = terms.user_present,
       .user_verified = terms.user_verified(),
       .backup_eligible = credential.backup_eligible,
       .backed_up = credential.backed_up,
       .sign_count = *sign_count,
       .extensions = assertion_outputs(terms.extensions, session.key, credential, terms.verification)});
  Bytes to_sign = auth_data;
  append(to_sign, terms.client_data_hash);

  cbor::Map response{
      {kCredential, descriptor(credential)}, {kAuthData, auth_data}, {kSignature, sign(credential, to_sign)}};
  if (credential.discoverable) response.emplace_back(kUser, user_entity(credential.user, with_names));
  if (number_of_credentials > 1) {
    response.emplace_back(kNumberOfCredentials, static_cast<std::uint64_t>(number_of_credentials));
  }
  if (terms.user_selected) response.emplace_back(kUserSelected, true);
  if (terms.extensions.large_blob_key && !credential.large_blob_key.empty()) {
    response.emplace_back(kLargeBlobKeyMember, cbor::Value::bytes(credential.large_blob_key));
  }
  if (terms.extensions.large_blob) {
    auto output = answer_large_blob(*terms.extensions.large_blob, session.key, credential, terms.named);
    if (!output) return fail(output.error());
    if (*output)
      response.emplace_back(kUnsignedExtensionOutputs, cbor::Map{{kLargeBlob, **std::move(output)}});
  }
  if (!terms.attestation_formats.empty()) {
    const auto style = choose_attestation(session.key.config(), credential.algorithm,
                                          terms.attestation_formats, terms.enterprise_attestation);
    auto attestation = attest(session.key, style, credential, auth_data, terms.client_data_hash,
                              terms.enterprise_attestation);
    if (attestation.enterprise) response.emplace_back(kEpAtt, true);
    if (attestation.format != "none") response.emplace_back(kAttStmt, std::move(attestation.statement));
  }
  return response;
}

}  // namespace fauxkey::ctap
