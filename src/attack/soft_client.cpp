#include "attack/soft_client.h"

#include <algorithm>

#include "control/faults/authenticator_data.h"
#include "crypto/hash.h"

namespace fauxkey::attack {
namespace {

using control::base64url;
using control::faults::read_authenticator_data;

constexpr std::size_t kFlagsAt = 32;  // of the authenticator data, behind rpIdHash

ByteView view_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string text_at(const Json& json, std::string_view path, std::string otherwise = {}) {
  const auto* const found = at_path(json, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::move(otherwise);
}

std::expected<Bytes, std::string> bytes_at(const Json& json, std::string_view path) {
  const auto* const found = at_path(json, path);
  auto bytes = found != nullptr && found->is_string()
                   ? control::from_base64(found->get_ref<const std::string&>())
                   : std::nullopt;
  if (!bytes) return std::unexpected{"the site's options have no base64url at " + std::string{path}};
  return *std::move(bytes);
}

/// The client data as JSON, changed; then the change of their bytes.
std::expected<std::string, std::string> changed_client_data(const std::string& plain,
                                                            const Scenario& scenario,
                                                            const Variables& variables) {
  Json json = Json::parse(plain);
  for (const auto& item : scenario.client.items()) json[item.key()] = variables.fill(item.value());
  for (const auto& name : scenario.client_remove) json.erase(name);
  const auto text = control::to_text(json);
  const auto edited = scenario.client_bytes.apply(view_of(text));
  if (!edited) return std::unexpected{std::string{"the client data have fewer bytes than are to be cut"}};
  std::string changed{edited->begin(), edited->end()};
  if (changed == plain)
    return std::unexpected{std::string{"nothing of the client data is other than it was"}};
  return changed;
}

bool changes_client_data(const Scenario* scenario) {
  return scenario != nullptr &&
         (!scenario->client.empty() || !scenario->client_remove.empty() || !scenario->client_bytes.empty());
}

/// The two texts of client data: what is signed, and what is sent.
struct ClientData {
  std::string is_signed;
  std::string sent;
};

std::expected<ClientData, std::string> make_client_data(const char* type, const Origin& origin,
                                                        const Variables& variables,
                                                        const Scenario* scenario) {
  const auto* const challenge = variables.find("challenge");
  const auto plain =
      client_data(type, challenge != nullptr ? challenge->get<std::string>() : "", origin.text());
  if (!changes_client_data(scenario)) return ClientData{.is_signed = plain, .sent = plain};
  const auto changed = changed_client_data(plain, *scenario, variables);
  if (!changed) return std::unexpected{changed.error()};
  return ClientData{.is_signed = scenario->client_late ? plain : *changed, .sent = *changed};
}

std::vector<Json> faults_of(const Deviation& deviation, const Variables& variables) {
  const auto* const faults = deviation.faults != nullptr     ? deviation.faults
                             : deviation.scenario != nullptr ? &deviation.scenario->faults
                                                             : nullptr;
  std::vector<Json> filled;
  if (faults == nullptr) return filled;
  filled.reserve(faults->size());
  for (const auto& one : *faults) filled.push_back(variables.fill(one));
  return filled;
}

/// Whether it is changed; the error where it should be and cannot.
std::expected<bool, std::string> change_authenticator_data(Bytes& data, const Scenario* scenario) {
  if (scenario == nullptr || (scenario->authenticator_data.empty() && !scenario->flags_xor)) return false;
  auto edited = scenario->authenticator_data.apply(data);
  if (!edited || edited->size() <= kFlagsAt)
    return std::unexpected{std::string{"the authenticator data have fewer bytes than are to be cut"}};
  if (scenario->flags_xor)
    (*edited)[kFlagsAt] = static_cast<std::uint8_t>((*edited)[kFlagsAt] ^ *scenario->flags_xor);
  data = *std::move(edited);
  return true;
}

cbor::Value cbor_of(const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_array()) {
    cbor::Array array;
    array.reserve(json.size());
    for (const auto& element : json) array.push_back(cbor_of(element));
    return array;
  }
  cbor::Map map;
  map.reserve(json.size());
  for (const auto& item : json.items()) map.emplace_back(item.key(), cbor_of(item.value()));
  return map;
}

void change_statement(cbor::Map& statement, const Scenario& scenario, const Variables& variables) {
  const auto remove = [&](const std::string& name) {
    std::erase_if(statement, [&](const auto& entry) { return entry.first == cbor::Value{name}; });
  };
  for (const auto& name : scenario.statement_remove) remove(name);
  for (const auto& item : scenario.statement.items()) {
    remove(item.key());
    statement.emplace_back(item.key(), cbor_of(variables.fill(item.value())));
  }
}

std::expected<void, std::string> change_response(Json& response, const Scenario* scenario,
                                                 const Variables& variables) {
  if (scenario == nullptr || (scenario->response.empty() && scenario->response_remove.empty())) return {};
  const Json before = response;
  for (const auto& item : scenario->response.items()) {
    if (!set_at_path(response, item.key(), variables.fill(item.value())))
      return std::unexpected{"the response has no place " + item.key()};
  }
  for (const auto& path : scenario->response_remove) erase_at_path(response, path);
  if (response == before) return std::unexpected{std::string{"nothing of the response is other than it was"}};
  return {};
}

Bytes joined_with(const Bytes& data, const Sha256Hash& hash) {
  Bytes joined = data;
  append(joined, hash);
  return joined;
}

/// The credential in a registration's authenticator data, also where a fault has their flags lie about it.
std::optional<control::faults::AttestedCredential> attested_in(Bytes data) {
  using control::faults::kFlagAt;
  using control::faults::kFlagEd;
  if (data.size() <= kFlagsAt) return std::nullopt;
  data[kFlagsAt] |= kFlagAt;
  auto read = read_authenticator_data(data);
  if (!read) {
    data[kFlagsAt] = static_cast<std::uint8_t>(data[kFlagsAt] & static_cast<unsigned>(~kFlagEd));
    read = read_authenticator_data(data);
  }
  return read ? read->attested : std::nullopt;
}

const Bytes* bytes_in(const cbor::Map& map, std::int64_t label) {
  const auto* const value = cbor::find(map, label);
  return value != nullptr ? value->as<Bytes>() : nullptr;
}

}  // namespace

std::string client_data(const char* type, const std::string& challenge, const std::string& origin) {
  return control::to_text(
      {{"type", type}, {"challenge", challenge}, {"origin", origin}, {"crossOrigin", false}});
}

std::optional<Bytes> public_key_info(ByteView cose_key) {
  // RFC 5480, 2: id-ecPublicKey, secp256r1, an uncompressed point. RFC 8410, 4: id-Ed25519.
  static constexpr std::array<std::uint8_t, 27> kP256{0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48,
                                                      0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
                                                      0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
  static constexpr std::array<std::uint8_t, 12> kEd25519{0x30, 0x2A, 0x30, 0x05, 0x06, 0x03,
                                                         0x2B, 0x65, 0x70, 0x03, 0x21, 0x00};
  constexpr std::int64_t kAlg = 3, kX = -2, kY = -3;
  const auto decoded = cbor::decode(cose_key);
  const auto* const map = decoded ? decoded->as<cbor::Map>() : nullptr;
  const auto* const alg = map != nullptr ? cbor::find(*map, kAlg) : nullptr;
  const auto* const x = map != nullptr ? bytes_in(*map, kX) : nullptr;
  if (alg == nullptr || x == nullptr) return std::nullopt;
  if (alg->as_integer() == static_cast<std::int64_t>(Algorithm::eddsa)) {
    Bytes info{kEd25519.begin(), kEd25519.end()};
    append(info, *x);
    return info;
  }
  const auto* const y = bytes_in(*map, kY);
  if (alg->as_integer() != static_cast<std::int64_t>(Algorithm::es256) || y == nullptr) return std::nullopt;
  Bytes info{kP256.begin(), kP256.end()};
  append(info, *x);
  append(info, *y);
  return info;
}

std::vector<std::int64_t> SoftClient::algorithms(const Json& options, const Scenario* scenario) const {
  std::vector<std::int64_t> offered;
  if (const auto* const list = at_path(options, "pubKeyCredParams"); list != nullptr && list->is_array()) {
    for (const auto& one : *list) {
      if (one.is_object() && one.contains("alg") && one["alg"].is_number_integer())
        offered.push_back(one["alg"].get<std::int64_t>());
    }
  }
  // 5.1.3: an empty list stands for these.
  if (offered.empty())
    offered = {static_cast<std::int64_t>(Algorithm::es256), static_cast<std::int64_t>(Algorithm::rs256)};
  if (scenario == nullptr || !scenario->algorithm_not_offered) return offered;
  auto others = key_.algorithms();
  std::erase_if(others, [&](std::int64_t one) { return std::ranges::find(offered, one) != offered.end(); });
  return others;
}

std::expected<Response, std::string> SoftClient::create(const Json& options, Variables& variables,
                                                        const Deviation& deviation) {
  const auto* const scenario = deviation.scenario;
  const auto user_handle = bytes_at(options, "user.id");
  if (!user_handle) return std::unexpected{user_handle.error()};
  const auto rp_id = text_at(options, "rp.id", origin_.host);
  variables.set("challenge", text_at(options, "challenge"));
  variables.set("rp-id", rp_id);

  const auto data = make_client_data("webauthn.create", origin_, variables, scenario);
  if (!data) return std::unexpected{data.error()};
  const auto hash = crypto::sha256(view_of(data->is_signed));
  const auto offered = algorithms(options, scenario);
  if (offered.empty())
    return std::unexpected{std::string{"the site offers every algorithm that the key has"}};
  const auto resident = text_at(options, "authenticatorSelection.residentKey", "discouraged");
  const bool discoverable = resident == "required" || resident == "preferred";
  auto made = key_.make({.rp_id = rp_id,
                         .rp_name = text_at(options, "rp.name", rp_id),
                         .user_handle = *user_handle,
                         .user_name = text_at(options, "user.name"),
                         .display_name = text_at(options, "user.displayName"),
                         .algorithms = offered,
                         .discoverable = discoverable,
                         .client_data_hash = hash},
                        faults_of(deviation, variables));
  if (!made) return std::unexpected{made.error()};
  const auto attested = attested_in(made->authenticator_data);
  Response response;
  response.user_handle = *user_handle;
  if (attested) response.credential_id = attested->credential_id;

  // 5.1.3, step 22: a site that did not ask for attestation gets none.
  const bool wanted = text_at(options, "attestation", "none") != "none";
  if (!wanted && (scenario == nullptr || !scenario->is_about_attestation())) {
    made->format = "none";
    made->statement.clear();
  }
  const auto changed = change_authenticator_data(made->authenticator_data, scenario);
  if (!changed) return std::unexpected{changed.error()};
  if (*changed && made->format != "none") {
    auto statement = key_.attest(response.credential_id, rp_id, made->authenticator_data, hash);
    if (!statement) return std::unexpected{std::string{"the key could not attest anew"}};
    made->format = "packed";
    made->statement = *std::move(statement);
  }
  if (scenario != nullptr) {
    if (scenario->format) made->format = *scenario->format;
    change_statement(made->statement, *scenario, variables);
  }
  auto object = cbor::encode(
      cbor::Map{{"fmt", made->format}, {"attStmt", made->statement}, {"authData", made->authenticator_data}});
  if (scenario != nullptr && !scenario->attestation_object.empty()) {
    auto edited = scenario->attestation_object.apply(object);
    if (!edited)
      return std::unexpected{std::string{"the attestation object has fewer bytes than are to be cut"}};
    object = *std::move(edited);
  }

  Json inner{{"clientDataJSON", base64url(view_of(data->sent))},
             {"attestationObject", base64url(object)},
             {"authenticatorData", base64url(made->authenticator_data)},
             {"transports", {"usb"}}};
  if (attested) {
    const auto key = cbor::decode(attested->public_key);
    const auto* const map = key ? key->as<cbor::Map>() : nullptr;
    const auto* const alg = map != nullptr ? cbor::find(*map, 3) : nullptr;
    if (alg != nullptr && alg->as_integer()) inner["publicKeyAlgorithm"] = *alg->as_integer();
    if (const auto info = public_key_info(attested->public_key)) inner["publicKey"] = base64url(*info);
  }
  Json results = Json::object();
  if (const auto* const asked = at_path(options, "extensions.credProps"); asked != nullptr && *asked == true)
    results["credProps"] = {{"rk", discoverable}};
  const auto id = base64url(response.credential_id);
  response.json = {{"id", id},
                   {"rawId", id},
                   {"type", "public-key"},
                   {"authenticatorAttachment", "cross-platform"},
                   {"clientExtensionResults", std::move(results)},
                   {"response", std::move(inner)}};
  if (const auto done = change_response(response.json, scenario, variables); !done)
    return std::unexpected{done.error()};
  return response;
}

std::expected<Response, std::string> SoftClient::get(const Json& options,
                                                     const std::optional<Bytes>& credential_id,
                                                     Variables& variables, const Deviation& deviation) {
  const auto* const scenario = deviation.scenario;
  const auto rp_id = text_at(options, "rpId", origin_.host);
  variables.set("challenge", text_at(options, "challenge"));
  variables.set("rp-id", rp_id);
  const auto data = make_client_data("webauthn.get", origin_, variables, scenario);
  if (!data) return std::unexpected{data.error()};
  const auto hash = crypto::sha256(view_of(data->is_signed));
  auto asserted = key_.log_in({.rp_id = rp_id, .credential_id = credential_id, .client_data_hash = hash},
                              faults_of(deviation, variables));
  if (!asserted) return std::unexpected{asserted.error()};
  const auto changed = change_authenticator_data(asserted->authenticator_data, scenario);
  if (!changed) return std::unexpected{changed.error()};
  if (*changed) {
    auto signature = key_.sign_as_credential(asserted->credential_id, rp_id,
                                             joined_with(asserted->authenticator_data, hash));
    if (!signature) return std::unexpected{std::string{"the key could not sign anew"}};
    asserted->signature = *std::move(signature);
  }
  Json inner{{"clientDataJSON", base64url(view_of(data->sent))},
             {"authenticatorData", base64url(asserted->authenticator_data)},
             {"signature", base64url(asserted->signature)}};
  if (asserted->user_handle) inner["userHandle"] = base64url(*asserted->user_handle);
  const auto id = base64url(asserted->credential_id);
  Response response{.json = {{"id", id},
                             {"rawId", id},
                             {"type", "public-key"},
                             {"authenticatorAttachment", "cross-platform"},
                             {"clientExtensionResults", Json::object()},
                             {"response", std::move(inner)}},
                    .credential_id = asserted->credential_id,
                    .user_handle = asserted->user_handle.value_or(Bytes{})};
  if (const auto done = change_response(response.json, scenario, variables); !done)
    return std::unexpected{done.error()};
  return response;
}

}  // namespace fauxkey::attack
