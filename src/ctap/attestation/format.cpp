#include "ctap/attestation/format.h"

#include <algorithm>
#include <array>

#include "authenticator/credential_keys.h"
#include "crypto/pkcs8.h"

namespace fauxkey::ctap::attestation {
namespace {

bool every(Algorithm /*algorithm*/) { return true; }
bool es256_alone(Algorithm algorithm) { return algorithm == Algorithm::es256; }

bool has_genuine(AttestationVariant variant) { return variant == AttestationVariant::genuine; }
bool has_all(AttestationVariant /*variant*/) { return true; }
bool has_those_of_certificates(AttestationVariant variant) {
  return variant != AttestationVariant::enterprise;
}
/// Where no certificate names a model.
bool has_those_without_model(AttestationVariant variant) {
  return variant != AttestationVariant::enterprise && variant != AttestationVariant::wrong_aaguid;
}

cbor::Value make_none(const Subject& /*subject*/) { return cbor::Map{}; }

constexpr auto kFormats = std::to_array<Format>({
    {AttestationStyle::packed, "packed", every, has_all, make_packed},
    {AttestationStyle::packed_self, "packed", every, has_genuine, make_packed_self},
    {AttestationStyle::none, "none", every, has_genuine, make_none},
    {AttestationStyle::fido_u2f, "fido-u2f", es256_alone, has_those_without_model, make_fido_u2f},
    {AttestationStyle::tpm, "tpm", tpm_supports, has_those_of_certificates, make_tpm},
    {AttestationStyle::android_key, "android-key", android_key_supports, has_those_without_model,
     make_android_key},
    {AttestationStyle::apple, "apple", es256_alone, has_those_without_model, make_apple},
    {AttestationStyle::compound, "compound", every, has_those_of_certificates, make_compound},
});

}  // namespace

Bytes Subject::to_be_signed() const {
  Bytes bytes{auth_data.begin(), auth_data.end()};
  append(bytes, client_data_hash);
  return bytes;
}

std::span<const Format> formats() { return kFormats; }

const Format& format_of(AttestationStyle style) { return kFormats.at(static_cast<std::size_t>(style)); }

cbor::Array certificates(const Bytes& leaf, const std::vector<Bytes>& between) {
  cbor::Array x5c;
  x5c.reserve(1 + between.size());
  x5c.emplace_back(leaf);
  for (const auto& certificate : between) x5c.emplace_back(certificate);
  return x5c;
}

CredentialKey key_to_certify(const Subject& subject) {
  const auto algorithm = subject.credential.algorithm;
  auto key = subject.variant == AttestationVariant::wrong_key
                 ? generate_private_key(algorithm, subject.keys.random())
                 : subject.credential.private_key.clone();
  const auto info = crypto::pkcs8::encode_public(algorithm, key);
  return {
      .algorithm = algorithm, .private_key = std::move(key), .public_key_info = {info.begin(), info.end()}};
}

}  // namespace fauxkey::ctap::attestation
