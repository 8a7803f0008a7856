// authenticatorMakeCredential, 0x01 (CTAP 2.3, 6.1). The numbers are the steps of 6.1.2.
#include "crypto/hash.h"
#include "ctap/attestation_statement.h"
#include "ctap/authenticator_data.h"
#include "ctap/command.h"
#include "ctap/extensions/registration.h"
#include "ctap/shown.h"
#include "ctap/user_verification.h"

namespace fauxkey::ctap {
namespace {

constexpr Member kClientDataHash{1, "clientDataHash"}, kRp{2, "rp"}, kUser{3, "user"},
    kPubKeyCredParams{4, "pubKeyCredParams"}, kExcludeList{5, "excludeList"}, kExtensions{6, "extensions"},
    kOptions{7, "options"}, kPinUvAuthParam{8, "pinUvAuthParam"}, kPinUvAuthProtocol{9, "pinUvAuthProtocol"},
    kEnterpriseAttestation{10, "enterpriseAttestation"},
    kAttestationFormatsPreference{11, "attestationFormatsPreference"};
constexpr int kFmt = 1, kAuthData = 2, kAttStmt = 3, kEpAtt = 4, kLargeBlobKeyMember = 5,
              kUnsignedExtensionOutputs = 6;

struct MakeCredentialRequest {
  Bytes client_data_hash;
  std::string rp_id;
  std::optional<std::string> rp_name;
  UserEntity user;
  cbor::Array pub_key_cred_params;
  std::vector<Bytes> exclude_list;
  const cbor::Map* extensions = nullptr;
  bool rk = false;
  bool uv = false;
  bool up = true;
  PinUvAuthParam auth;
  std::optional<std::uint64_t> enterprise_attestation;
  std::vector<std::string> attestation_formats_preference;
};

Result<MakeCredentialRequest> read(const cbor::Map& parameters, const Limits& limits) {
  Reader reader{parameters};
  MakeCredentialRequest request;
  request.client_data_hash = read_client_data_hash(reader, kClientDataHash);
  Reader rp{reader.required<cbor::Map>(kRp), kRp.name};
  if (reader.ok()) {
    request.rp_id = rp.required<std::string>("id");
    request.rp_name = rp.optional_text("name");
    reader.note(rp);
  }
  request.user = read_user(reader, kUser);
  request.pub_key_cred_params = reader.required<cbor::Array>(kPubKeyCredParams);
  request.exclude_list = read_descriptors(reader, kExcludeList, limits);
  request.extensions = reader.optional<cbor::Map>(kExtensions);
  if (const auto* options = reader.optional<cbor::Map>(kOptions)) {
    Reader values{*options, kOptions.name};
    request.rk = values.value_or("rk", false);
    request.uv = values.value_or("uv", false);
    request.up = values.value_or("up", true);
    reader.note(values);
  }
  request.auth = read_pin_uv_auth_param(reader, kPinUvAuthParam, kPinUvAuthProtocol);
  if (const auto* level = reader.optional<std::uint64_t>(kEnterpriseAttestation)) {
    request.enterprise_attestation = *level;
  }
  request.attestation_formats_preference =
      read_attestation_formats_preference(reader, kAttestationFormatsPreference);
  if (!reader.ok()) return fail(reader.refusal());
  return request;
}

/// Step 3: the first algorithm that this key has; the others are validated all the same.
Result<Algorithm> choose_algorithm(const Authenticator& key, const cbor::Array& params) {
  std::optional<Algorithm> chosen;
  for (const auto& param : params) {
    const auto* map = param.as<cbor::Map>();
    if (map == nullptr) {
      return fail(Status::cbor_unexpected_type,
                  std::string{"an entry of pubKeyCredParams is of type "} + type_of(param) + ", not map");
    }
    const auto* type = cbor::find(*map, "type");
    const auto* alg = cbor::find(*map, "alg");
    if (type == nullptr || alg == nullptr)
      return fail(Status::invalid_parameter, "6.1.2 step 3: an entry of pubKeyCredParams lacks type or alg");
    const auto* type_text = type->as<std::string>();
    if (type_text == nullptr || !alg->is_integer()) {
      return fail(
          Status::cbor_unexpected_type,
          "an entry of pubKeyCredParams has a type that is no text string, or an alg that is no integer");
    }
    for (const auto supported : key.algorithms()) {
      if (!chosen && *type_text == kPublicKey && alg->as_integer() == static_cast<std::int64_t>(supported)) {
        chosen = supported;
      }
    }
  }
  if (!chosen) {
    return fail(Status::unsupported_algorithm, "6.1.2 step 3: none of the " +
                                                   counted(params.size(), "algorithm") +
                                                   " of pubKeyCredParams is one of this key's");
  }
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

}  // namespace

Response make_credential(Request& call) {
  auto& key = call.session.key;
  auto request = read(call.parameters, key.limits());
  if (!request) return fail(request.error());

  // 1
  if (is_pin_probe(request->auth)) return fail(answer_pin_probe(call));
  // 3
  const auto algorithm = choose_algorithm(key, request->pub_key_cred_params);
  if (!algorithm) return fail(algorithm.error());
  // 2, 5, 6
  if (!request->up)
    return fail(Status::invalid_option, "6.1.2 step 5: option up is false, which a registration cannot be");
  if (request->rk && !key.config().discoverable) {
    return fail(Status::unsupported_option,
                "6.1.2 step 5: option rk is true, and this key cannot have discoverable credentials");
  }
  const auto verification = choose_verification(call, request->auth, request->uv, request->up);
  if (!verification) return fail(verification.error());
  // 7, 8: with makeCredUvNotRqd, which is true unless alwaysUv is, protection covers discoverable credentials
  // only.
  if (key.is_protected() && *verification == Verification::none) {
    if (request->rk) {
      return fail(
          Status::puat_required,
          "6.1.2 step 7: the key is protected, and a discoverable credential (rk) needs user verification");
    }
    if (!key.features().make_cred_uv_not_rqd) {
      return fail(Status::puat_required,
                  "6.1.2 step 8: the key is protected, and without option makeCredUvNotRqd every credential "
                  "needs user verification");
    }
  }
  // 9
  const auto enterprise = allows_enterprise_attestation(key, request->enterprise_attestation, request->rp_id);
  if (!enterprise) return fail(enterprise.error());
  // 11
  const Prompt prompt{Operation::make_credential, request->rp_id, account_of(request->user)};
  if (*verification == Verification::token) {
    const auto verified =
        verify_token(call.session, request->auth, request->client_data_hash, request->rp_id, kMakeCredential);
    if (!verified) return fail(verified.error());
  } else if (*verification == Verification::built_in) {
    if (const auto verified = verify_by_key(call, prompt); !verified) return fail(verified.error());
  }
  const bool user_verified = *verification != Verification::none;
  // 12
  const auto rp_id_hash = crypto::sha256(request->rp_id);
  const auto excluded = is_excluded(call.session, *request, rp_id_hash, user_verified);
  if (!excluded) return fail(excluded.error());
  if (*excluded) {
    const auto touched =
        collect_presence(call, *verification, {Operation::already_registered, prompt.rp_id, prompt.account});
    if (!touched) return fail(touched.error());
    return fail(Status::credential_excluded,
                "6.1.2 step 12: a credential of excludeList is of this key and " + shown_rp_id(prompt.rp_id));
  }
  // 15 is read before the user is troubled (13, 14) for what cannot be.
  auto extensions = read_registration_extensions(request->extensions, request->rk, key, call.session.auth);
  if (!extensions) return fail(extensions.error());
  if (const auto touched = collect_presence(call, *verification, prompt); !touched)
    return fail(touched.error());
  // 16 to 18
  NewCredential wanted{.rp_id_hash = rp_id_hash,
                       .rp_id = request->rp_id,
                       .rp_name = request->rp_name,
                       .user = request->user,
                       .algorithm = *algorithm,
                       .discoverable = request->rk};
  apply(*extensions, key.limits(), wanted);
  if (const auto worked = key.work(key.persona().timings.registration, call.exchange); !worked)
    return fail(worked.error());
  const auto credential = key.create(std::move(wanted));
  if (!credential) return fail(credential.error());
  const auto sign_count = key.first_sign_count(*credential);
  if (!sign_count) return fail(sign_count.error());
  // 19
  const auto style =
      choose_attestation(key.config(), *algorithm, request->attestation_formats_preference, *enterprise);
  const Bytes auth_data =
      encode_attested({.rp_id_hash = rp_id_hash,
                       .user_present = true,
                       .user_verified = user_verified,
                       .backup_eligible = credential->backup_eligible,
                       .backed_up = credential->backed_up,
                       .sign_count = *sign_count,
                       .extensions = registration_outputs(*extensions, key, *credential, *verification)},
                      told_aaguid(key.config(), style), *credential);
  auto attestation = attest(key, style, *credential, auth_data, request->client_data_hash, *enterprise);
  cbor::Map response{
      {kFmt, attestation.format}, {kAuthData, auth_data}, {kAttStmt, std::move(attestation.statement)}};
  if (attestation.enterprise) response.emplace_back(kEpAtt, true);
  if (!credential->large_blob_key.empty()) {
    response.emplace_back(kLargeBlobKeyMember, cbor::Value::bytes(credential->large_blob_key));
  }
  if (auto outputs = unsigned_registration_outputs(*extensions, *credential); !outputs.empty()) {
    response.emplace_back(kUnsignedExtensionOutputs, std::move(outputs));
  }
  return response;
}

}  // namespace fauxkey::ctap
