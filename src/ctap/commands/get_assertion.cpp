// authenticatorGetAssertion, 0x02 (CTAP 2.3, 6.2). The numbers are the steps of 6.2.2.
#include "crypto/hash.h"
#include "ctap/assertion.h"
#include "ctap/attestation_statement.h"
#include "ctap/command.h"
#include "ctap/extensions/cred_protect.h"
#include "ctap/shown.h"
#include "ctap/user_verification.h"

namespace fauxkey::ctap {
namespace {

constexpr Member kRpId{1, "rpId"}, kClientDataHash{2, "clientDataHash"}, kAllowList{3, "allowList"},
    kExtensions{4, "extensions"}, kOptions{5, "options"}, kPinUvAuthParam{6, "pinUvAuthParam"},
    kPinUvAuthProtocol{7, "pinUvAuthProtocol"}, kEnterpriseAttestation{8, "enterpriseAttestation"},
    kAttestationFormatsPreference{9, "attestationFormatsPreference"};

struct GetAssertionRequest {
  std::string rp_id;
  Bytes client_data_hash;
  std::optional<std::vector<Bytes>> allow_list;
  const cbor::Map* extensions = nullptr;
  bool up = true;
  bool uv = false;
  PinUvAuthParam auth;
  std::optional<std::uint64_t> enterprise_attestation;
  std::vector<std::string> attestation_formats_preference;
};

Result<GetAssertionRequest> read(const cbor::Map& parameters, const Limits& limits) {
  Reader reader{parameters};
  GetAssertionRequest request;
  request.rp_id = reader.required<std::string>(kRpId);
  request.client_data_hash = read_client_data_hash(reader, kClientDataHash);
  if (reader.has(kAllowList)) request.allow_list = read_descriptors(reader, kAllowList, limits);
  request.extensions = reader.optional<cbor::Map>(kExtensions);
  if (const auto* options = reader.optional<cbor::Map>(kOptions)) {
    Reader values{*options, kOptions.name};
    request.up = values.value_or("up", true);
    request.uv = values.value_or("uv", false);
    if (values.has("rk"))
      values.note(Status::unsupported_option, "6.2.2 step 4: option rk is makeCredential's alone");
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

/// What step 7 leaves out, for the refusal where it leaves nothing.
struct Hidden {
  std::size_t by_level_two = 0;    ///< credProtect: not named, user not verified
  std::size_t by_level_three = 0;  ///< credProtect: user not verified
};

Refusal no_credentials(const GetAssertionRequest& request, const Hidden& hidden) {
  const auto rp_id = shown_rp_id(request.rp_id);
  std::string why = "6.2.2 step 7: ";
  if (hidden.by_level_two + hidden.by_level_three > 0) {
    const bool both = hidden.by_level_two > 0 && hidden.by_level_three > 0;
    why += counted(hidden.by_level_two + hidden.by_level_three, "credential") + " of " + rp_id +
           (request.allow_list ? " in the list" : "") + ", hidden by credProtect " +
           (both                        ? "2 and 3"
            : hidden.by_level_three > 0 ? "3"
                                        : "2") +
           " and no user verification";
    if (hidden.by_level_two > 0)
      why += (both ? ", level 2 also for want of an allowList" : " and no allowList");
  } else if (request.allow_list) {
    why += "the list names " + counted(request.allow_list->size(), "credential") +
           ", none is of this key and " + rp_id;
  } else {
    why += "the key holds no discoverable credential of " + rp_id + ", and the request has no allowList";
  }
  return {Status::no_credentials, std::move(why)};
}

/// Step 7: those of the list, or all discoverable ones of the relying party, the newest first; without those
/// that credProtect hides.
Result<std::vector<Credential>> locate(Session& session, const GetAssertionRequest& request,
                                       const RpIdHash& rp_id_hash, bool user_verified) {
  std::vector<Credential> located;
  if (request.allow_list) {
    for (const auto& id : *request.allow_list) {
      auto found = session.key.find(id, rp_id_hash);
      if (!found) return fail(found.error());
      if (*found) located.push_back(*std::move(*found));
    }
  } else {
    auto found = session.key.find_by_rp(rp_id_hash);
    if (!found) return fail(found.error());
    located = *std::move(found);
  }
  Hidden hidden;
  std::erase_if(located, [&](const Credential& credential) {
    // Imported ones that are not discoverable lie in the store too.
    if (!request.allow_list && !credential.discoverable) return true;
    if (is_visible(credential, user_verified, request.allow_list.has_value())) return false;
    ++(credential.cred_protect == CredProtect::required ? hidden.by_level_three : hidden.by_level_two);
    return true;
  });
  if (located.empty()) return fail(no_credentials(request, hidden));
  return located;
}

/// Whose account the prompt names: the only one there is.
std::string account_of(const std::vector<Credential>& credentials) {
  if (credentials.size() != 1) return {};
  const auto& user = credentials.front().user;
  return user.name.value_or(user.display_name.value_or(""));
}

/// Step 12.2.3: the place of the account that the user chooses on the key's display.
Result<std::size_t> choose_on_display(Request& call, const std::string& rp_id,
                                      const std::vector<Credential>& located) {
  Prompt prompt{Operation::get_assertion, rp_id, {}};
  for (const auto& credential : located) prompt.accounts.push_back(credential.user);
  return call.session.key.choose_account(prompt, call.exchange);
}

}  // namespace

Response get_assertion(Request& call) {
  const auto request = read(call.parameters, call.session.key.limits());
  if (!request) return fail(request.error());

  // 1
  if (is_pin_probe(request->auth)) return fail(answer_pin_probe(call));
  // 2, 4, 5
  const auto verification = choose_verification(call, request->auth, request->uv, request->up);
  if (!verification) return fail(verification.error());
  const auto enterprise =
      allows_enterprise_attestation(call.session.key, request->enterprise_attestation, request->rp_id);
  if (!enterprise) return fail(enterprise.error());
  // 6
  if (*verification == Verification::token) {
    const auto verified =
        verify_token(call.session, request->auth, request->client_data_hash, request->rp_id, kGetAssertion);
    if (!verified) return fail(verified.error());
  } else if (*verification == Verification::built_in) {
    const auto verified = verify_by_key(call, {Operation::get_assertion, request->rp_id, {}});
    if (!verified) return fail(verified.error());
  }

  PendingAssertions terms;
  terms.rp_id_hash = crypto::sha256(request->rp_id);
  terms.client_data_hash = request->client_data_hash;
  terms.verification = *verification;
  terms.named = request->allow_list.has_value();
  terms.user_present = request->up;
  terms.attestation_formats = request->attestation_formats_preference;
  terms.enterprise_attestation = *enterprise;
  // 7
  const auto located = locate(call.session, *request, terms.rp_id_hash, terms.user_verified());
  if (!located) return fail(located.error());
  // 10 is read before the user is troubled (9) for what cannot be.
  auto extensions =
      read_assertion_extensions(request->extensions, request->up, call.session.key, call.session.auth);
  if (!extensions) return fail(extensions.error());
  terms.extensions = *std::move(extensions);
  // 9, and 12.2.3 as one question: who chooses on a display touches the key.
  const bool several = !request->allow_list && located->size() > 1;
  std::size_t chosen = 0;
  if (several && (request->up || terms.user_verified()) && call.session.key.has_display()) {
    const auto choice = choose_on_display(call, request->rp_id, *located);
    if (!choice) return fail(choice.error());
    chosen = *choice;
    terms.user_selected = true;
    if (request->up) use_up_presence(call, *verification);
  } else if (request->up) {
    const auto touched = collect_presence(call, *verification,
                                          {Operation::get_assertion, request->rp_id, account_of(*located)});
    if (!touched) return fail(touched.error());
  }
  const auto least = call.session.key.persona().timings.assertion;
  if (const auto worked = call.session.key.work(least, call.exchange); !worked) return fail(worked.error());
  // 11: a list gets one answer; the number of its matches is nobody's business. So does who chose (12.2.3).
  const std::size_t count = several && !terms.user_selected ? located->size() : 1;
  const bool with_names = count > 1 && terms.user_verified();
  auto response = make_assertion(call.session, (*located)[chosen], terms, count, with_names);
  if (!response) return fail(response.error());
  if (count > 1) {
    for (std::size_t i = 1; i < count; ++i) terms.credential_ids.push_back((*located)[i].id);
    call.session.sequences.put(call.exchange.channel, std::move(terms));
  }
  return *std::move(response);
}

}  // namespace fauxkey::ctap
