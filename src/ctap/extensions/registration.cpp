#include "ctap/extensions/registration.h"

#include "ctap/extensions/names.h"
#include "ctap/extensions/uvm.h"

namespace fauxkey::ctap {

Result<RegistrationExtensions> read_registration_extensions(const cbor::Map* inputs, bool discoverable,
                                                            const Authenticator& key, PinUvAuth& auth) {
  RegistrationExtensions extensions;
  if (inputs == nullptr) return extensions;
  const auto& features = key.features();
  Reader reader{*inputs, "extensions"};
  if (features.cred_protect) extensions.cred_protect = read_cred_protect(reader);
  if (features.cred_blob) {
    if (const auto* blob = reader.optional<Bytes>(kCredBlob)) extensions.cred_blob = *blob;
  }
  if (features.hmac_secret) extensions.hmac_secret = reader.value_or(kHmacSecret, false);
  const auto* hmac_secret_mc = features.hmac_secret_mc ? reader.optional<cbor::Map>(kHmacSecretMc) : nullptr;
  // 12.8: only beside hmac-secret: true.
  if (hmac_secret_mc != nullptr && !extensions.hmac_secret) {
    reader.note(Status::missing_parameter, "12.8: hmac-secret-mc stands without hmac-secret: true");
  }
  if (key.has_large_blobs_command()) {
    if (const auto* large_blob_key = reader.optional<bool>(kLargeBlobKey)) {
      // 12.3: false is no value for it, and it needs a discoverable credential.
      if (!*large_blob_key) reader.note(Status::invalid_option, "12.3: largeBlobKey is false, not true");
      if (!discoverable)
        reader.note(Status::invalid_option,
                    "12.3: largeBlobKey needs option rk, for a discoverable credential");
      extensions.large_blob_key = *large_blob_key;
    }
  } else if (key.has_large_blob_extension()) {
    extensions.large_blob = read_large_blob_support(reader);
    // 12.4: a blob needs a place, which a credential that lives in its id has not.
    if (extensions.large_blob == LargeBlobSupport::required && !discoverable)
      reader.note(Status::unsupported_option,
                  "12.4: largeBlob is required, and without option rk the credential has no place for it");
  }
  if (has_min_pin_length(key)) extensions.min_pin_length = reader.value_or(kMinPinLength, false);
  if (has_pin_complexity_policy(key))
    extensions.pin_complexity_policy = reader.value_or(kPinComplexityPolicy, false);
  if (features.third_party_payment)
    extensions.third_party_payment = reader.value_or(kThirdPartyPayment, false);
  if (key.config().uvm) extensions.uvm = reader.value_or(kUvm, false);
  if (!reader.ok()) return fail(reader.refusal());
  if (hmac_secret_mc != nullptr) {
    auto input = read_hmac_secret(*hmac_secret_mc, auth);
    if (!input) return fail(input.error());
    extensions.hmac_secret_mc = *std::move(input);
  }
  return extensions;
}

void apply(const RegistrationExtensions& extensions, const Limits& limits, NewCredential& credential) {
  credential.cred_protect = extensions.cred_protect.value_or(CredProtect::optional);
  credential.third_party_payment = extensions.third_party_payment;
  credential.large_blob_key = extensions.large_blob_key;
  credential.supports_large_blob = extensions.large_blob.has_value() && credential.discoverable;
  // 12.2: a blob that is too long is not kept, and the output says so.
  if (extensions.cred_blob && credential.discoverable &&
      extensions.cred_blob->size() <= limits.max_cred_blob_length) {
    credential.cred_blob = *extensions.cred_blob;
  }
}

cbor::Map registration_outputs(const RegistrationExtensions& extensions, const Authenticator& key,
                               const Credential& credential, Verification verification) {
  const bool user_verified = verification != Verification::none;
  cbor::Map outputs;
  if (extensions.cred_protect) outputs.emplace_back(kCredProtect, static_cast<int>(*extensions.cred_protect));
  if (extensions.cred_blob) {
    outputs.emplace_back(kCredBlob, credential.discoverable && credential.cred_blob == *extensions.cred_blob);
  }
  if (extensions.hmac_secret) outputs.emplace_back(kHmacSecret, true);
  if (extensions.hmac_secret_mc) {
    outputs.emplace_back(kHmacSecretMc,
                         hmac_secret_output(*extensions.hmac_secret_mc, credential, user_verified));
  }
  const auto& settings = key.settings();
  if (settings.may_read_pin_policy(credential.rp_id)) {
    if (extensions.min_pin_length) outputs.emplace_back(kMinPinLength, settings.min_pin_length);
    if (extensions.pin_complexity_policy)
      outputs.emplace_back(kPinComplexityPolicy, settings.pin_complexity_policy);
  }
  if (extensions.uvm) outputs.emplace_back(kUvm, uvm_output(key, verification));
  return outputs;
}

cbor::Map unsigned_registration_outputs(const RegistrationExtensions& extensions,
                                        const Credential& credential) {
  cbor::Map outputs;
  if (extensions.large_blob) {
    outputs.emplace_back(kLargeBlob, cbor::Map{{"supported", credential.supports_large_blob}});
  }
  return outputs;
}

}  // namespace fauxkey::ctap
