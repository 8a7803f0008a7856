// /v1/keys/{key}/credentials: what a key has, what is put into it and taken out.
#include <array>

#include "control/api.h"
#include "control/credential_list.h"
#include "control/credentials.h"
#include "control/request_terms.h"

namespace fauxkey::control {
namespace credential_api {  // sources are compiled together, so names must differ

HttpResponse created(exchange::JsonOut&& json, int status = 200) {
  HttpResponse response;
  response.status = status;
  response.body = json.dump(-1, ' ', false, exchange::JsonOut::error_handler_t::replace);
  response.body += '\n';
  return response;
}

Credential find(LiveKey& key, ByteView id) {
  auto found = key.store().find(id);
  if (!found) throw std::runtime_error{found.error().message};
  if (!*found) throw HttpError{404, "The key has no credential of this id: list its credentials."};
  return **std::move(found);
}

/// The relying party whose credentials are meant; nothing: all.
std::optional<std::string> rp_id_of(const HttpRequest& request) {
  const auto found = request.query.find("rpId");
  return found == request.query.end() ? std::nullopt : std::optional{found->second};
}

HttpResponse list_some(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.at(arguments[0]);
  const auto total = key->store().count_all();
  if (!total) throw std::runtime_error{total.error().message};
  auto listed = list_credentials(key->store(), read_listing(request), request.stopped);
  exchange::JsonOut json;
  json["credentials"] = std::move(listed.credentials);
  json["total"] = *total;
  if (listed.next) json["next"] = exchange::JsonOut::string_t{*listed.next};
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
  return created(describe(find(*key, credential_id_in_path(arguments[1])), key->store(), Base64::url));
}

HttpResponse patch_credential(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.at(arguments[0]);
  const auto id = credential_id_in_path(arguments[1]);
  const auto body = parse_body(request.body);
  JsonReader reader{body, "The request"};
  const auto changes = read_changes(reader);
  reader.done();
  change_credential(key->store(), id, changes);
  return created(describe(find(*key, id), key->store(), Base64::url));
}

HttpResponse delete_credential(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  const auto key = api.keys.at(arguments[0]);
  const auto erased = key->store().erase(credential_id_in_path(arguments[1]));
  if (!erased) throw std::runtime_error{erased.error().message};
  if (!*erased) throw HttpError{404, "The key has no credential of this id: list its credentials."};
  return no_content();
}

HttpResponse delete_credentials(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.bench(arguments[0]);
  delete_all(key->store(), rp_id_of(request));
  return no_content();
}

constexpr std::array kRoutes{
    Route{"GET", "/v1/keys/{key}/credentials", list_some},
    Route{"POST", "/v1/keys/{key}/credentials", add_credential},
    Route{"DELETE", "/v1/keys/{key}/credentials", delete_credentials},
    Route{"GET", "/v1/keys/{key}/credentials/{credential}", get_credential},
    Route{"PATCH", "/v1/keys/{key}/credentials/{credential}", patch_credential},
    Route{"DELETE", "/v1/keys/{key}/credentials/{credential}", delete_credential},
};

}  // namespace credential_api

std::span<const Route> credential_routes() { return credential_api::kRoutes; }

}  // namespace fauxkey::control
