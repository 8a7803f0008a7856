// The WebAuthn domain of the Chrome DevTools Protocol: POST /v1/cdp takes its commands as a CDP session does,
// {"id": 1, "method": "WebAuthn.addVirtualAuthenticator", "params": {…}}, and answers as it does.
#include <array>

#include "control/api.h"
#include "control/credentials.h"

namespace fauxkey::control {
namespace cdp_api {  // sources are compiled together, so names must differ

using exchange::JsonOut;

constexpr const char* kSession = "cdp";

// JSON-RPC's codes, as CDP uses them.
constexpr int kMethodNotFound = -32601, kInvalidParams = -32602, kServerError = -32000;

std::shared_ptr<LiveKey> authenticator(Api& api, JsonReader& params) {
  (void)params.at("authenticatorId");
  auto key = api.authenticators.find(kSession, *params.text("authenticatorId"));
  if (!key) throw BadRequest{"Could not find a Virtual Authenticator matching the ID"};
  return key;
}

Bytes credential_id(JsonReader& params) {
  (void)params.at("credentialId");
  return *params.bytes("credentialId");
}

JsonOut enable(Api& /*api*/, JsonReader& params) {
  (void)params.boolean("enableUI");  // a key has none
  return JsonOut::object();
}

JsonOut disable(Api& api, JsonReader& /*params*/) {
  api.authenticators.remove_session(kSession);
  return JsonOut::object();
}

JsonOut add_virtual_authenticator(Api& api, JsonReader& params) {
  JsonReader options{params.at("options"), params.named("options")};
  AuthenticatorOptions wanted;
  (void)options.at("protocol");
  const auto protocol = *options.text("protocol");
  wanted.u2f = protocol == "u2f";
  if (!wanted.u2f && protocol != "ctap2")
    throw BadRequest{options.named("protocol") + " is none of: u2f, ctap2."};
  const auto version = options.text("ctap2Version").value_or("ctap2_0");
  if (version == "ctap2_0")
    wanted.ctap_version = CtapVersion::fido_2_0;
  else if (version == "ctap2_1" || version == "ctap2_2")
    wanted.ctap_version = CtapVersion::fido_2_1;
  else
    throw BadRequest{options.named("ctap2Version") + " is none of: ctap2_0, ctap2_1, ctap2_2."};
  (void)options.at("transport");
  if (options.text("transport") != "usb")
    throw BadRequest{options.named("transport") + " is not usb, and fauxkey is a USB security key."};
  wanted.has_resident_key = options.boolean("hasResidentKey").value_or(false);
  wanted.has_user_verification = options.boolean("hasUserVerification").value_or(false);
  wanted.is_user_consenting = options.boolean("automaticPresenceSimulation").value_or(true);
  wanted.is_user_verified = options.boolean("isUserVerified").value_or(false);
  wanted.default_backup_eligibility = options.boolean("defaultBackupEligibility").value_or(false);
  wanted.default_backup_state = options.boolean("defaultBackupState").value_or(false);
  // Every key here has these, whether they are asked for or not; cmtgKey none.
  for (const char* name :
       {"hasLargeBlob", "hasCredBlob", "hasMinPinLength", "hasPrf", "hasHmacSecret", "hasHmacSecretMc"})
    (void)options.boolean(name);
  if (options.boolean("hasCmtgKey").value_or(false)) throw BadRequest{"fauxkey has no extension cmtgKey."};
  options.done();
  return {{"authenticatorId", WipingString{api.authenticators.add(kSession, wanted)}}};
}

/// By faults (docs/faults.md), which take the place of those that the authenticator has.
JsonOut set_response_override_bits(Api& api, JsonReader& params) {
  const auto key = authenticator(api, params);
  key->faults().clear();
  const auto add = [&](const char* name, const Json& action) {
    if (params.boolean(name).value_or(false)) key->faults().add({{"action", action}, {"times", nullptr}});
  };
  add("isBadUV", {{"type", "flag"}, {"flag", "UV"}, {"set", false}});
  add("isBadUP", {{"type", "flag"}, {"flag", "UP"}, {"set", false}});
  add("isBogusSignature", {{"type", "bogusSignature"}});
  return JsonOut::object();
}

JsonOut remove_virtual_authenticator(Api& api, JsonReader& params) {
  const auto key = authenticator(api, params);
  api.authenticators.remove(kSession, key->name());
  return JsonOut::object();
}

JsonOut add_credential(Api& api, JsonReader& params) {
  const auto key = authenticator(api, params);
  const auto moving =
      read_credential(params.at("credential").dump(), key->random(), key->clock().unix_time());
  if (moving.credential.discoverable && !key->options().config.discoverable)
    throw BadRequest{"The Virtual Authenticator does not support resident credentials."};
  put_credential(key->store(), moving);
  return JsonOut::object();
}

JsonOut get_credential(Api& api, JsonReader& params) {
  const auto key = authenticator(api, params);
  const auto found = key->store().find(credential_id(params));
  if (!found || !*found) throw BadRequest{"Could not find a credential matching the ID"};
  JsonOut result;
  result["credential"] = describe(**found, key->store(), Base64::padded);
  return result;
}

JsonOut get_credentials(Api& api, JsonReader& params) {
  const auto key = authenticator(api, params);
  JsonOut result;
  result["credentials"] = describe_all(key->store(), Base64::padded);
  return result;
}

JsonOut remove_credential(Api& api, JsonReader& params) {
  const auto key = authenticator(api, params);
  const auto erased = key->store().erase(credential_id(params));
  if (!erased || !*erased) throw BadRequest{"Could not find a credential matching the ID"};
  return JsonOut::object();
}

JsonOut clear_credentials(Api& api, JsonReader& params) {
  delete_all(authenticator(api, params)->store(), std::nullopt);
  return JsonOut::object();
}

JsonOut set_verified(Api& api, JsonReader& params) {
  const auto key = authenticator(api, params);
  (void)params.at("isUserVerified");
  set_user_verified(*key, *params.boolean("isUserVerified"));
  return JsonOut::object();
}

JsonOut set_presence(Api& api, JsonReader& params) {
  const auto key = authenticator(api, params);
  (void)params.at("enabled");
  auto behaviour = key->gate().behaviour();
  behaviour.presence = *params.boolean("enabled") ? user::Presence::approve : user::Presence::never;
  key->gate().set(behaviour);
  return JsonOut::object();
}

JsonOut set_credential_properties(Api& api, JsonReader& params) {
  const auto key = authenticator(api, params);
  const auto id = credential_id(params);
  change_credential(key->store(), id, read_changes(params));
  return JsonOut::object();
}

struct Method {
  std::string_view name;
  JsonOut (*run)(Api&, JsonReader& params);
};
constexpr std::array kMethods{
    Method{"WebAuthn.enable", enable},
    Method{"WebAuthn.disable", disable},
    Method{"WebAuthn.addVirtualAuthenticator", add_virtual_authenticator},
    Method{"WebAuthn.setResponseOverrideBits", set_response_override_bits},
    Method{"WebAuthn.removeVirtualAuthenticator", remove_virtual_authenticator},
    Method{"WebAuthn.addCredential", add_credential},
    Method{"WebAuthn.getCredential", get_credential},
    Method{"WebAuthn.getCredentials", get_credentials},
    Method{"WebAuthn.removeCredential", remove_credential},
    Method{"WebAuthn.clearCredentials", clear_credentials},
    Method{"WebAuthn.setUserVerified", set_verified},
    Method{"WebAuthn.setAutomaticPresenceSimulation", set_presence},
    Method{"WebAuthn.setCredentialProperties", set_credential_properties},
};

JsonOut run(Api& api, const std::string& method, const JsonIn& given) {
  const auto fail = [](int code, std::string_view message) {
    return JsonOut{{"error", {{"code", code}, {"message", WipingString{message}}}}};
  };
  const auto* const found = std::ranges::find(kMethods, method, &Method::name);
  if (found == kMethods.end()) return fail(kMethodNotFound, "'" + method + "' wasn't found");
  try {
    JsonReader params{given, "params"};
    JsonOut answer;
    answer["result"] = found->run(api, params);
    params.done();
    return answer;
  } catch (const BadRequest& error) {
    return fail(kInvalidParams, error.what());
  } catch (const std::exception& error) {
    return fail(kServerError, error.what());
  }
}

HttpResponse post_command(Api& api, HttpRequest& request, const Arguments& /*arguments*/) {
  const auto body = parse_body(request.body);
  JsonReader reader{body, "The request"};
  (void)reader.at("method");
  const auto method = *reader.text("method");
  const auto id = reader.integer("id", 0, INT64_MAX);
  const auto* params = reader.find("params");
  (void)reader.find("sessionId");
  reader.done();
  auto answer = run(api, method, params != nullptr ? *params : JsonIn::object());
  if (id) answer["id"] = *id;
  HttpResponse response;
  response.body = answer.dump(-1, ' ', false, JsonOut::error_handler_t::replace);
  return response;
}

constexpr std::array kRoutes{Route{"POST", "/v1/cdp", post_command}};

}  // namespace cdp_api

std::span<const Route> cdp_routes() { return cdp_api::kRoutes; }

}  // namespace fauxkey::control
