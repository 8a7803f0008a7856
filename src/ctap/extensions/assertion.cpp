#include "ctap/extensions/assertion.h"

#include "ctap/extensions/names.h"
#include "ctap/extensions/uvm.h"

namespace fauxkey::ctap {

Result<AssertionExtensions> read_assertion_extensions(const cbor::Map* inputs, bool user_present,
                                                      const Authenticator& key, PinUvAuth& auth) {
  AssertionExtensions extensions;
  if (inputs == nullptr) return extensions;
  Reader reader{*inputs, "extensions"};
  const auto& features = key.features();
  const auto* hmac_secret = features.hmac_secret ? reader.optional<cbor::Map>(kHmacSecret) : nullptr;
  if (features.cred_blob) extensions.cred_blob = reader.value_or(kCredBlob, false);
  if (key.has_large_blobs_command()) {
    if (const auto* large_blob_key = reader.optional<bool>(kLargeBlobKey)) {
      if (!*large_blob_key) reader.note(Status::invalid_option, "12.3: largeBlobKey is false, not true");
      extensions.large_blob_key = *large_blob_key;
    }
  } else if (key.has_large_blob_extension()) {
    extensions.large_blob = read_large_blob_request(reader);
  }
  if (features.third_party_payment)
    extensions.third_party_payment = reader.value_or(kThirdPartyPayment, false);
  if (key.config().uvm) extensions.uvm = reader.value_or(kUvm, false);
  if (!reader.ok()) return fail(reader.refusal());
  if (hmac_secret != nullptr) {
    if (!user_present)
      return fail(Status::unsupported_option,
                  "12.7: hmac-secret needs user presence, and option up is false");
    auto input = read_hmac_secret(*hmac_secret, auth);
    if (!input) return fail(input.error());
    extensions.hmac_secret = *std::move(input);
  }
  return extensions;
}

cbor::Map assertion_outputs(const AssertionExtensions& extensions, const Authenticator& key,
                            const Credential& credential, Verification verification) {
  const bool user_verified = verification != Verification::none;
  cbor::Map outputs;
  if (extensions.cred_blob) outputs.emplace_back(kCredBlob, credential.cred_blob);
  if (extensions.hmac_secret) {
    outputs.emplace_back(kHmacSecret, hmac_secret_output(*extensions.hmac_secret, credential, user_verified));
  }
  if (extensions.third_party_payment)
    outputs.emplace_back(kThirdPartyPayment, credential.third_party_payment);
  if (extensions.uvm) outputs.emplace_back(kUvm, uvm_output(key, verification));
  return outputs;
}

}  // namespace fauxkey::ctap
