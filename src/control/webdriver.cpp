#include "control/webdriver.h"

#include <array>

#include "control/api.h"
#include "control/credentials.h"
#include "control/request_terms.h"

namespace fauxkey::control {
namespace webdriver_api {  // sources are compiled together, so names must differ

HttpResponse respond(std::string_view value) {
  HttpResponse response;
  response.content_type = "application/json; charset=utf-8";
  response.body = "{\"value\":";
  response.body += value;
  response.body += "}\n";
  return response;
}

HttpResponse nothing() { return respond("null"); }

struct Protocol {
  std::string_view name;
  bool u2f;
  CtapVersion version;
};
// 11.2; "ctap2_3" is what issue 2404 of w3c/webauthn is about.
constexpr std::array kProtocols{
    Protocol{"ctap1/u2f", true, CtapVersion::fido_2_0}, Protocol{"ctap2", false, CtapVersion::fido_2_0},
    Protocol{"ctap2_1", false, CtapVersion::fido_2_1}, Protocol{"ctap2_2", false, CtapVersion::fido_2_1},
    Protocol{"ctap2_3", false, CtapVersion::fido_2_3}};
constexpr std::array kOtherTransports{"nfc", "ble", "smart-card", "hybrid", "internal"};
/// Extensions that every key here has.
constexpr std::array kExtensions{"credProtect",         "hmac-secret",       "hmac-secret-mc", "prf",
                                 "largeBlob",           "largeBlobKey",      "credBlob",       "minPinLength",
                                 "pinComplexityPolicy", "thirdPartyPayment", "credProps",      "appid",
                                 "appidExclude"};

/// A command that this key cannot obey, although it is in order.
class Unsupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class Names>
bool is_among(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

AuthenticatorOptions read_options(JsonReader& reader) {
  AuthenticatorOptions options;
  const auto* protocol = std::ranges::find(kProtocols, reader.text("protocol").value_or(""), &Protocol::name);
  if (protocol == kProtocols.end())
    throw BadRequest{reader.named("protocol") + " is none of: ctap1/u2f, ctap2, ctap2_1, ctap2_2, ctap2_3."};
  options.u2f = protocol->u2f;
  options.ctap_version = protocol->version;
  const auto transport = reader.text("transport").value_or("");
  if (is_among(kOtherTransports, transport)) {
    throw Unsupported{
        "fauxkey is a USB security key, and browsers take it for nothing else: give the transport "
        "usb instead of " +
        transport + "."};
  }
  if (transport != "usb") throw BadRequest{reader.named("transport") + " is no AuthenticatorTransport."};
  options.has_resident_key = reader.boolean("hasResidentKey").value_or(false);
  options.has_user_verification = reader.boolean("hasUserVerification").value_or(false);
  options.is_user_consenting = reader.boolean("isUserConsenting").value_or(true);
  options.is_user_verified = reader.boolean("isUserVerified").value_or(false);
  options.default_backup_eligibility = reader.boolean("defaultBackupEligibility").value_or(false);
  options.default_backup_state = reader.boolean("defaultBackupState").value_or(false);
  for (const auto& extension : reader.texts("extensions").value_or(std::vector<std::string>{})) {
    if (!is_among(kExtensions, extension)) throw Unsupported{"The key has no extension " + extension + "."};
  }
  (void)reader.find("uvm");  // of Level 2; the key's own entries are those of a prompt
  reader.done();
  return options;
}

HttpResponse add_authenticator(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto body = parse_body(request.body);
  JsonReader reader{body, "The request"};
  return respond(Json(api.authenticators.add(arguments[0], read_options(reader))).dump());
}

HttpResponse remove_authenticator(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  if (!api.authenticators.remove(arguments[0], arguments[1]))
    throw BadRequest{"The session has no virtual authenticator of this id."};
  return nothing();
}

/// 11: "If authenticatorId does not match any Virtual Authenticator …, return … invalid argument".
std::shared_ptr<LiveKey> authenticator(Api& api, const Arguments& arguments) {
  auto key = api.authenticators.find(arguments[0], arguments[1]);
  if (!key) throw BadRequest{"The session has no virtual authenticator of this id."};
  return key;
}

HttpResponse add_credential(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = authenticator(api, arguments);
  const auto moving = read_credential(request.body, key->random(), key->clock().unix_time());
  if (moving.credential.discoverable && !key->options().config.discoverable)
    throw BadRequest{
        "The authenticator was made without hasResidentKey, so it takes no resident credential."};
  put_credential(key->store(), moving);
  return nothing();
}

HttpResponse get_credentials(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  const auto all = describe_all(authenticator(api, arguments)->store(), Base64::url);
  return respond(all.dump(-1, ' ', false, exchange::JsonOut::error_handler_t::replace));
}

HttpResponse remove_credential(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  const auto erased = authenticator(api, arguments)->store().erase(credential_id_in_path(arguments[2]));
  if (!erased) throw std::runtime_error{erased.error().message};
  if (!*erased) throw BadRequest{"The authenticator has no credential of this id."};
  return nothing();
}

HttpResponse remove_credentials(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  delete_all(authenticator(api, arguments)->store(), std::nullopt);
  return nothing();
}

HttpResponse set_verified(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = authenticator(api, arguments);
  const auto body = parse_body(request.body);
  JsonReader reader{body, "The request"};
  (void)reader.at("isUserVerified");
  const bool verified = *reader.boolean("isUserVerified");
  (void)reader.find("authenticatorId");  // Selenium for Java says it here too
  reader.done();
  set_user_verified(*key, verified);
  return nothing();
}

HttpResponse set_properties(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = authenticator(api, arguments);
  const auto body = parse_body(request.body);
  JsonReader reader{body, "The request"};
  const auto changes = read_changes(reader);
  reader.done();
  change_credential(key->store(), credential_id_in_path(arguments[2]), changes);
  return nothing();
}

/// With errors in WebDriver's words.
template <auto Command>
HttpResponse command(Api& api, HttpRequest& request, const Arguments& arguments) {
  try {
    return Command(api, request, arguments);
  } catch (const BadRequest& error) {
    return webdriver_error(400, "invalid argument", error.what());
  } catch (const Unsupported& error) {
    return webdriver_error(500, "unsupported operation", error.what());
  } catch (const HttpError& error) {
    return error.status() < 500 ? webdriver_error(400, "invalid argument", error.what())
                                : webdriver_error(500, "unknown error", error.what());
  } catch (const std::exception& error) {
    return webdriver_error(500, "unknown error", error.what());
  }
}

constexpr std::array kRoutes{
    Route{"POST", "/session/{session}/webauthn/authenticator", command<add_authenticator>},
    Route{"DELETE", "/session/{session}/webauthn/authenticator/{authenticator}",
          command<remove_authenticator>},
    Route{"POST", "/session/{session}/webauthn/authenticator/{authenticator}/credential",
          command<add_credential>},
    Route{"GET", "/session/{session}/webauthn/authenticator/{authenticator}/credentials",
          command<get_credentials>},
    Route{"DELETE", "/session/{session}/webauthn/authenticator/{authenticator}/credentials",
          command<remove_credentials>},
    Route{"DELETE", "/session/{session}/webauthn/authenticator/{authenticator}/credentials/{credential}",
          command<remove_credential>},
    Route{"POST", "/session/{session}/webauthn/authenticator/{authenticator}/uv", command<set_verified>},
    Route{"POST", "/session/{session}/webauthn/authenticator/{authenticator}/credentials/{credential}/props",
          command<set_properties>},
};

}  // namespace webdriver_api

bool is_webdriver_path(std::string_view path) {
  return path.starts_with("/session/") && path.find("/webauthn/") != std::string_view::npos;
}

HttpResponse webdriver_error(int status, std::string_view error, std::string_view message) {
  auto response =
      json_response({{"value", {{"error", error}, {"message", message}, {"stacktrace", ""}}}}, status);
  response.content_type = "application/json; charset=utf-8";
  return response;
}

std::span<const Route> webdriver_routes() { return webdriver_api::kRoutes; }

}  // namespace fauxkey::control
