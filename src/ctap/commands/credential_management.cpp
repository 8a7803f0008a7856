// authenticatorCredentialManagement, 0x0A (CTAP 2.3, 6.8): each subcommand is a function.
#include <array>

#include "authenticator/credential_keys.h"
#include "authenticator/store_status.h"
#include "crypto/hash.h"
#include "ctap/command.h"
#include "ctap/shown.h"

namespace fauxkey::ctap {
namespace {

constexpr Member kSubCommand{1, "subCommand"}, kSubCommandParams{2, "subCommandParams"},
    kPinUvAuthProtocol{3, "pinUvAuthProtocol"}, kPinUvAuthParam{4, "pinUvAuthParam"};
constexpr Member kRpIdHashParam{1, "rpIDHash"}, kCredentialIdParam{2, "credentialID"}, kUserParam{3, "user"};
constexpr int kExistingCount = 1, kMaxPossibleRemainingCount = 2, kRp = 3, kRpIdHash = 4, kTotalRps = 5,
              kUser = 6, kCredentialId = 7, kPublicKeyResult = 8, kTotalCredentials = 9,
              kCredProtectResult = 10, kLargeBlobKeyResult = 11, kThirdPartyPaymentResult = 12;

struct CredentialManagementRequest {
  Request& call;
  std::uint8_t sub_command = 0;
  const cbor::Map* params = nullptr;
  PinUvAuthParam auth;
  /// The relying party that the request's token is bound to, once it is authorized; the persistent token is
  /// to none.
  std::optional<std::string> bound_to{};

  [[nodiscard]] Session& session() const { return call.session; }
  [[nodiscard]] Reader params_reader() const {
    static const cbor::Map kNone;
    return Reader{params != nullptr ? *params : kNone, kSubCommandParams.name};
  }
};

/// Subcommands that the persistent token's one permission (pcmr) covers too.
constexpr bool is_read_only(std::uint8_t sub_command) { return sub_command < 0x06; }

bool is_by_persistent_token(const CredentialManagementRequest& request, ByteView message) {
  const auto protocol = request.session().auth.protocol(request.auth);
  const auto& token = request.session().key.identity().persistent_token();
  return request.session().key.has_persistent_token() && protocol &&
         (*protocol)->verify(token, {message}, *request.auth.param);
}

/// The token must have been given for credential management; what it authenticates is the subcommand and its
/// parameters (6.8.2 and on).
Result<void> authorize(CredentialManagementRequest& request) {
  if (!request.auth.param) return fail(Status::puat_required, "6.8: the request has no pinUvAuthParam");
  Bytes message{request.sub_command};
  if (request.params != nullptr) append(message, cbor::encode(*request.params));
  const bool read_only = is_read_only(request.sub_command);
  if (read_only && is_by_persistent_token(request, message)) return {};
  if (auto verified = request.session().auth.verify(request.auth, {message}, kCredentialManagement,
                                                    "the subcommand and its parameters");
      !verified) {
    return verified;
  }
  request.bound_to = request.session().auth.token().rp_id();
  return {};
}

/// A token that is bound to one relying party is no good for what concerns all.
Result<void> authorize_for_all(CredentialManagementRequest& request) {
  if (auto authorized = authorize(request); !authorized) return authorized;
  if (request.bound_to) {
    return fail(Status::pin_auth_invalid, "6.8: the token is bound to " + shown_rp_id(*request.bound_to) +
                                              ", and this concerns all relying parties");
  }
  return {};
}

Result<void> check_bound_to(const CredentialManagementRequest& request, const RpIdHash& rp_id_hash) {
  if (request.bound_to && crypto::sha256(*request.bound_to) != rp_id_hash) {
    return fail(Status::pin_auth_invalid, "6.8: the token is bound to " + shown_rp_id(*request.bound_to) +
                                              ", and the request is about another relying party");
  }
  return {};
}

Response get_creds_metadata(CredentialManagementRequest& request) {
  if (const auto authorized = authorize_for_all(request); !authorized) return fail(authorized.error());
  const auto count = request.session().key.discoverable_count();
  if (!count) return fail(count.error());
  return cbor::Map{{kExistingCount, static_cast<std::uint64_t>(*count)},
                   {kMaxPossibleRemainingCount, request.session().key.remaining_discoverable(*count)}};
}

// An enumeration holds no more than where it stands: of a list it would keep what may be millions of entries.
// A store that changes meanwhile, which takes another channel, ends it: the platform begins again.

/// NOT_ALLOWED where the store has changed since the enumeration began.
template <class Enumeration>
Result<void> check_current(CredentialStore& store, const Enumeration& enumeration) {
  const auto revision = checked(store.revision());
  if (!revision) return fail(revision.error());
  if (*revision != enumeration.revision) {
    return fail(Status::not_allowed,
                "6.8: credentials were added, changed or deleted since the enumeration began");
  }
  return {};
}

/// The one credential of a page, which is there as long as the count is right.
Result<Credential> only_one(Result<CredentialStore::Page> page) {
  if (!page) return fail(page.error());
  if (page->credentials.empty()) return fail(Status::not_allowed, "6.8: the enumeration is at its end");
  return std::move(page->credentials.front());
}

/// Keeps what is left for the channel's next command.
template <class Enumeration>
void go_on(CredentialManagementRequest& request, Enumeration enumeration, std::uint64_t next_cursor) {
  enumeration.cursor = next_cursor;
  if (--enumeration.left > 0 && next_cursor != 0) {
    request.session().sequences.put(request.call.exchange.channel, std::move(enumeration));
  }
}

Result<cbor::Map> next_relying_party(CredentialManagementRequest& request,
                                     const PendingRelyingParties& pending) {
  auto page = checked(request.session().key.store().page_relying_parties(pending.cursor, 1));
  const std::uint64_t next_cursor = page ? page->next_cursor : 0;
  const auto credential = only_one(std::move(page));
  if (!credential) return fail(credential.error());
  go_on(request, pending, next_cursor);
  cbor::Map rp{{"id", credential->rp_id}};
  if (credential->rp_name) rp.emplace_back("name", *credential->rp_name);
  return cbor::Map{{kRp, std::move(rp)}, {kRpIdHash, cbor::Value::bytes(credential->rp_id_hash)}};
}

Response enumerate_rps_begin(CredentialManagementRequest& request) {
  if (const auto authorized = authorize_for_all(request); !authorized) return fail(authorized.error());
  auto& store = request.session().key.store();
  const auto total = checked(store.count_relying_parties());
  if (!total) return fail(total.error());
  if (*total == 0) return fail(Status::no_credentials, "6.8.3: the key holds no discoverable credentials");
  const auto revision = checked(store.revision());
  if (!revision) return fail(revision.error());
  auto response = next_relying_party(request, {*revision, 0, *total});
  if (!response) return fail(response.error());
  response->emplace_back(kTotalRps, static_cast<std::uint64_t>(*total));
  return *std::move(response);
}

Response enumerate_rps_get_next(CredentialManagementRequest& request) {
  const auto* pending = std::get_if<PendingRelyingParties>(&request.call.sequence);
  if (pending == nullptr)
    return fail(Status::not_allowed,
                "6.8.3: no enumerateRPsBegin with relying parties left came before it on "
                "this channel, within 30 s");
  if (auto current = check_current(request.session().key.store(), *pending); !current)
    return fail(current.error());
  auto response = next_relying_party(request, *pending);
  if (!response) return fail(response.error());
  return *std::move(response);
}

Result<cbor::Map> next_credential(CredentialManagementRequest& request, const PendingCredentials& pending) {
  auto page = checked(request.session().key.store().page_by_rp(pending.rp_id_hash, pending.cursor, 1));
  const std::uint64_t next_cursor = page ? page->next_cursor : 0;
  const auto credential = only_one(std::move(page));
  if (!credential) return fail(credential.error());
  go_on(request, pending, next_cursor);
  cbor::Map response{{kUser, user_entity(credential->user, true)},
                     {kCredentialId, descriptor(*credential)},
                     {kPublicKeyResult, cose_public_key(*credential)}};
  const auto& features = request.session().key.features();
  if (features.cred_protect)
    response.emplace_back(kCredProtectResult, static_cast<int>(credential->cred_protect));
  if (!credential->large_blob_key.empty()) {
    response.emplace_back(kLargeBlobKeyResult, cbor::Value::bytes(credential->large_blob_key));
  }
  if (features.third_party_payment)
    response.emplace_back(kThirdPartyPaymentResult, credential->third_party_payment);
  return response;
}

Result<std::size_t> count_by_rp(CredentialStore& store, const RpIdHash& rp_id_hash) {
  constexpr std::size_t kPageSize = 64;
  std::size_t count = 0;
  std::uint64_t cursor = 0;
  do {
    const auto page = checked(store.page_by_rp(rp_id_hash, cursor, kPageSize));
    if (!page) return fail(page.error());
    count += page->credentials.size();
    cursor = page->next_cursor;
  } while (cursor != 0);
  return count;
}

Response enumerate_credentials_begin(CredentialManagementRequest& request) {
  auto reader = request.params_reader();
  const auto& hash = reader.required<Bytes>(kRpIdHashParam);
  if (!reader.ok()) return fail(reader.refusal());
  RpIdHash rp_id_hash{};
  if (hash.size() != rp_id_hash.size()) {
    return fail(Status::invalid_length,
                "6.8.4: rpIDHash has " + std::to_string(hash.size()) + " bytes, not the 32 of a SHA-256");
  }
  std::ranges::copy(hash, rp_id_hash.begin());
  if (const auto authorized = authorize(request); !authorized) return fail(authorized.error());
  if (const auto authorized = check_bound_to(request, rp_id_hash); !authorized)
    return fail(authorized.error());
  auto& store = request.session().key.store();
  const auto total = count_by_rp(store, rp_id_hash);
  if (!total) return fail(total.error());
  if (*total == 0)
    return fail(Status::no_credentials, "6.8.4: the key holds no discoverable credentials of that rpIDHash");
  const auto revision = checked(store.revision());
  if (!revision) return fail(revision.error());
  auto response = next_credential(request, {*revision, 0, *total, rp_id_hash});
  if (!response) return fail(response.error());
  response->emplace_back(kTotalCredentials, static_cast<std::uint64_t>(*total));
  return *std::move(response);
}

Response enumerate_credentials_get_next(CredentialManagementRequest& request) {
  const auto* pending = std::get_if<PendingCredentials>(&request.call.sequence);
  if (pending == nullptr)
    return fail(Status::not_allowed,
                "6.8.4: no enumerateCredentialsBegin with credentials left came before it on "
                "this channel, within 30 s");
  if (auto current = check_current(request.session().key.store(), *pending); !current)
    return fail(current.error());
  auto response = next_credential(request, *pending);
  if (!response) return fail(response.error());
  return *std::move(response);
}

/// The stored credential that a request names, if its token may touch it.
Result<Credential> authorized_credential(CredentialManagementRequest& request, const Bytes& id) {
  if (const auto authorized = authorize(request); !authorized) return fail(authorized.error());
  auto credential = checked(request.session().key.store().find(id));
  if (!credential) return fail(credential.error());
  if (!*credential)
    return fail(Status::no_credentials, "the key holds no discoverable credential of that credentialID");
  if (const auto authorized = check_bound_to(request, (*credential)->rp_id_hash); !authorized) {
    return fail(authorized.error());
  }
  return *std::move(*credential);
}

Response delete_credential(CredentialManagementRequest& request) {
  auto reader = request.params_reader();
  const Bytes id = read_descriptor(reader, kCredentialIdParam);
  if (!reader.ok()) return fail(reader.refusal());
  if (const auto credential = authorized_credential(request, id); !credential)
    return fail(credential.error());
  const auto erased = checked(request.session().key.store().erase(id));
  if (!erased) return fail(erased.error());
  return cbor::Value{};
}

Response update_user_information(CredentialManagementRequest& request) {
  auto reader = request.params_reader();
  const Bytes id = read_descriptor(reader, kCredentialIdParam);
  const auto user = read_user(reader, kUserParam);
  if (!reader.ok()) return fail(reader.refusal());
  auto credential = authorized_credential(request, id);
  if (!credential) return fail(credential.error());
  if (credential->user.id != user.id)
    return fail(Status::invalid_parameter,
                "6.8.6: the user id is not that of the credential, and cannot change");
  credential->user = user;  // what the request leaves out is removed (6.8.6)
  if (const auto updated = checked(request.session().key.store().update(*credential)); !updated) {
    return fail(updated.error());
  }
  return cbor::Value{};
}

struct Row {
  std::uint64_t sub_command;
  Response (*run)(CredentialManagementRequest&);
};

constexpr std::array kSubCommands{
    Row{0x01, get_creds_metadata},
    Row{0x02, enumerate_rps_begin},
    Row{0x03, enumerate_rps_get_next},
    Row{0x04, enumerate_credentials_begin},
    Row{0x05, enumerate_credentials_get_next},
    Row{0x06, delete_credential},
    Row{0x07, update_user_information},
};

}  // namespace

Response credential_management(Request& call) {
  Reader reader{call.parameters};
  const auto sub_command = reader.required<std::uint64_t>(kSubCommand);
  const auto* params = reader.optional<cbor::Map>(kSubCommandParams);
  auto auth = read_pin_uv_auth_param(reader, kPinUvAuthParam, kPinUvAuthProtocol);
  if (!reader.ok()) return fail(reader.refusal());
  for (const auto& row : kSubCommands) {
    if (row.sub_command != sub_command) continue;
    CredentialManagementRequest request{call, static_cast<std::uint8_t>(sub_command), params,
                                        std::move(auth)};
    return row.run(request);
  }
  return fail(Status::invalid_subcommand,
              "6.8: there is no credentialManagement subcommand " + std::to_string(sub_command));
}

}  // namespace fauxkey::ctap
