// /v1/keys/{key}/credentials: what a key has, what is put into it and taken out.
#include <array>

#include "control/api.h"
#include "control/credentials.h"

namespace fauxkey::control {
namespace credential_api {  // sources are compiled together, so names must differ

HttpResponse created(exchange::JsonOut&& json, int status = 200) {
  HttpResponse response;
  response.status = status;
  response.body = json.dump(-1, ' ', false, exchange::JsonOut::error_handler_t::replace);
  response.body += '\n';
  return response;
}

Bytes id_of(const std::string& text) {
  auto id = from_base64(text);
  if (!id) throw BadRequest{"A credential's id in a path is base64url."};
  return *std::move(id);
}

Credential find(LiveKey& key, ByteView id) {
  auto found = key.store().find(id);
  if (!found) throw std::runtime_error{found.error().message};
  if (!*found) throw HttpError{404, "The key has no credential of this id: list its credentials."};
  return **std::move(found);
}

HttpResponse list_credentials(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.at(arguments[0]);
  const auto rp_id = request.query.find("rpId");
  auto credentials = exchange::JsonOut::array();
  const auto walked = key->store().each([&](const Credential& credential) {
    if (rp_id == request.query.end() || credential.rp_id == rp_id->second)
      credentials.push_back(describe(credential, key->store(), Base64::url));
  });
  if (!walked) throw std::runtime_error{walked.error().message};
  exchange::JsonOut json;
  json["credentials"] = std::move(credentials);
  return created(std::move(json));
}

HttpResponse add_credential(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.bench(arguments[0]);
  const auto moving = read_credential(request.body, key->random(), key->clock().unix_time());
  put_credential(key->store(), moving);
  return created(describe(moving.credential, key->store(), Base64::url), 201);
}

HttpResponse get_credential(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  const auto key = api.keys.at(arguments[0]);
  return created(describe(find(*key, id_of(arguments[1])), key->store(), Base64::url));
}

HttpResponse patch_credential(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.at(arguments[0]);
  const auto id = id_of(arguments[1]);
  const auto body = parse_body(request.body);
  JsonReader reader{body, "The request"};
  const auto changes = read_changes(reader);
  reader.done();
  change_credential(key->store(), id, changes);
  return created(describe(find(*key, id), key->store(), Base64::url));
}

HttpResponse delete_credential(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  const auto key = api.keys.at(arguments[0]);
  const auto erased = key->store().erase(id_of(arguments[1]));
  if (!erased) throw std::runtime_error{erased.error().message};
  if (!*erased) throw HttpError{404, "The key has no credential of this id: list its credentials."};
  return no_content();
}

HttpResponse delete_credentials(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.bench(arguments[0]);
  const auto rp_id = request.query.find("rpId");
  delete_all(key->store(), rp_id == request.query.end() ? std::nullopt : std::optional{rp_id->second});
  return no_content();
}

constexpr std::array kRoutes{
    Route{"GET", "/v1/keys/{key}/credentials", list_credentials},
    Route{"POST", "/v1/keys/{key}/credentials", add_credential},
    Route{"DELETE", "/v1/keys/{key}/credentials", delete_credentials},
    Route{"GET", "/v1/keys/{key}/credentials/{credential}", get_credential},
    Route{"PATCH", "/v1/keys/{key}/credentials/{credential}", patch_credential},
    Route{"DELETE", "/v1/keys/{key}/credentials/{credential}", delete_credential},
};

}  // namespace credential_api

std::span<const Route> credential_routes() { return credential_api::kRoutes; }

}  // namespace fauxkey::control
