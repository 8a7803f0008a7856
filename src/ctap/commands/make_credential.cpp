// authenticatorMakeCredential, 0x01 (CTAP 2.3, 6.1). The numbers are the steps of 6.1.2.
#include "authenticator/credential_keys.h"
#include "crypto/hash.h"
#include "ctap/attestation_statement.h"
#include "ctap/authenticator_data.h"
#include "ctap/command.h"
#include "ctap/extensions/cred_protect.h"
#include "ctap/user_verification.h"

namespace fauxkey::ctap {
namespace {

constexpr int kClientDataHash = 1, kRp = 2, kUser = 3, kPubKeyCredParams = 4, kExcludeList = 5,
              kExtensions = 6, kOptions = 7, kPinUvAuthParam = 8, kPinUvAuthProtocol = 9,
              kEnterpriseAttestation = 10, kAttestationFormatsPreference = 11;
constexpr int kFmt = 1, kAuthData = 2, kAttStmt = 3;

struct MakeCredentialRequest {
  Bytes client_data_hash;
  std::string rp_id;
  std::optional<std::string> rp_name;
  UserEntity user;
  cbor::Array pub_key_cred_params;
  std::vector<Bytes> exclude_list;
  std::optional<CredProtect> cred_protect;
  bool hmac_secret = false;
  bool rk = false;
  bool uv = false;
  bool up = true;
  PinUvAuthParam auth;
  std::optional<std::uint64_t> enterprise_attestation;
  std::vector<std::string> attestation_formats_preference;
};

Result<MakeCredentialRequest> read(const cbor::Map& parameters) {
  Reader reader{parameters};
  MakeCredentialRequest request;
  request.client_data_hash = read_client_data_hash(reader, kClientDataHash);
  Reader rp{reader.required<cbor::Map>(kRp)};
  if (reader.status() == Status::ok) {
    request.rp_id = rp.required<std::string>("id");
    request.rp_name = rp.optional_text("name");
    reader.note(rp.status());
  }
  request.user = read_user(reader, kUser);
  request.pub_key_cred_params = reader.required<cbor::Array>(kPubKeyCredParams);
  request.exclude_list = read_descriptors(reader, kExcludeList);
  if (const auto* extensions = reader.optional<cbor::Map>(kExtensions)) {
    Reader inputs{*extensions};
    request.cred_protect = read_cred_protect(inputs);
    request.hmac_secret = inputs.value_or(kHmacSecret, false);
    reader.note(inputs.status());
  }
  if (const auto* options = reader.optional<cbor::Map>(kOptions)) {
    Reader values{*options};
    request.rk = values.value_or("rk", false);
    request.uv = values.value_or("uv", false);
    request.up = values.value_or("up", true);
    reader.note(values.status());
  }
  request.auth = read_pin_uv_auth_param(reader, kPinUvAuthParam, kPinUvAuthProtocol);
  if (const auto* level = reader.optional<std::uint64_t>(kEnterpriseAttestation)) {
    request.enterprise_attestation = *level;
  }
  if (const auto* formats = reader.optional<cbor::Array>(kAttestationFormatsPreference)) {
    for (const auto& format : *formats) {
      const auto* text = format.as<std::string>();
      if (text == nullptr) return fail(Status::cbor_unexpected_type);
      request.attestation_formats_preference.push_back(*text);
    }
  }
  if (reader.status() != Status::ok) return fail(reader.status());
  return request;
}

/// Step 3: the first algorithm that this key has; the others are validated all the same.
Result<Algorithm> choose_algorithm(const cbor::Array& params) {
  std::optional<Algorithm> chosen;
  for (const auto& param : params) {
    const auto* map = param.as<cbor::Map>();
    if (map == nullptr) return fail(Status::cbor_unexpected_type);
    const auto* type = cbor::find(*map, "type");
    const auto* alg = cbor::find(*map, "alg");
    if (type == nullptr || alg == nullptr) return fail(Status::invalid_parameter);
    const auto* type_text = type->as<std::string>();
    if (type_text == nullptr || !alg->is_integer()) return fail(Status::cbor_unexpected_type);
    for (const auto supported : supported_algorithms()) {
      if (!chosen && *type_text == kPublicKey && alg->as_integer() == static_cast<std::int64_t>(supported)) {
        chosen = supported;
      }
    }
  }
  if (!chosen) return fail(Status::unsupported_algorithm);
  return *chosen;
}

std::string account_of(const UserEntity& user) { return user.name.value_or(user.display_name.value_or("")); }

/// Step 12: whether a credential of the list is here, as far as this request may know.
Result<bool> is_excluded(Session& session, const MakeCredentialRequest& request, const RpIdHash& rp_id_hash,
                         bool user_verified) {
  for (const auto& id : request.exclude_list) {
    const auto found = session.key.find(id, rp_id_hash);
    if (!found) return fail(found.error());
    // 12.1.2: a credential of level userVerificationRequired is not given away to who has not verified the
    // user.
    if (*found && (user_verified || (*found)->cred_protect != CredProtect::required)) return true;
  }
  return false;
}

cbor::Map extension_outputs(const MakeCredentialRequest& request) {
  cbor::Map outputs;
  if (request.cred_protect) outputs.emplace_back(kCredProtect, static_cast<int>(*request.cred_protect));
  if (request.hmac_secret) outputs.emplace_back(kHmacSecret, true);
  return outputs;
}

}  // namespace

Response make_credential(Request& call) {
  auto request = read(call.parameters);
  if (!request) return fail(request.error());
  auto& key = call.session.key;

  // 1
  if (is_pin_probe(request->auth)) return fail(answer_pin_probe(call));
  // 2
  const bool by_token = request->auth.param.has_value();
  if (by_token) {
    if (const auto known = call.session.auth.protocol(request->auth); !known) return fail(known.error());
  }
  // 3
  const auto algorithm = choose_algorithm(request->pub_key_cred_params);
  if (!algorithm) return fail(algorithm.error());
  // 5: this key has no built-in user verification, so "uv" counts only beside a pinUvAuthParam, which
  // replaces it.
  if (request->uv && !by_token) return fail(Status::invalid_option);
  if (!request->up) return fail(Status::invalid_option);
  // 7: makeCredUvNotRqd is true, so a PIN protects discoverable credentials only.
  if (key.pin().is_set() && request->rk && !by_token) return fail(Status::puat_required);
  // 9: this key has no enterprise attestation.
  if (request->enterprise_attestation) return fail(Status::invalid_parameter);
  // 11
  if (by_token) {
    const auto verified =
        verify_token(call.session, request->auth, request->client_data_hash, request->rp_id, kMakeCredential);
    if (!verified) return fail(verified.error());
  }
  const bool user_verified = by_token;
  // 12
  const auto rp_id_hash = crypto::sha256(request->rp_id);
  const auto excluded = is_excluded(call.session, *request, rp_id_hash, user_verified);
  if (!excluded) return fail(excluded.error());
  if (*excluded) {
    const auto touched = collect_presence(
        call, by_token, {Operation::already_registered, request->rp_id, account_of(request->user)});
    return fail(touched ? Status::credential_excluded : touched.error());
  }
  // 13, 14
  const auto touched = collect_presence(
      call, by_token, {Operation::make_credential, request->rp_id, account_of(request->user)});
  if (!touched) return fail(touched.error());
  // 15 to 18
  const auto credential = key.create({.rp_id_hash = rp_id_hash,
                                      .rp_id = request->rp_id,
                                      .rp_name = request->rp_name,
                                      .user = request->user,
                                      .algorithm = *algorithm,
                                      .cred_protect = request->cred_protect.value_or(CredProtect::optional),
                                      .discoverable = request->rk});
  if (!credential) return fail(credential.error());
  // 19
  const Bytes auth_data = encode_attested({.rp_id_hash = rp_id_hash,
                                           .user_present = true,
                                           .user_verified = user_verified,
                                           .sign_count = 0,
                                           .extensions = extension_outputs(*request)},
                                          key.config().persona.aaguid, *credential);
  auto attestation =
      attest(key, *credential, auth_data, request->client_data_hash, request->attestation_formats_preference);
  return cbor::Map{
      {kFmt, attestation.format}, {kAuthData, auth_data}, {kAttStmt, std::move(attestation.statement)}};
}

}  // namespace fauxkey::ctap
