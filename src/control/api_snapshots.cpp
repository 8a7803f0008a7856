// /v1/keys/{key}/snapshots: all that a key holds, kept under a name and put back.
#include <array>

#include "control/api.h"

namespace fauxkey::control {
namespace snapshot_api {  // sources are compiled together, so names must differ

Json to_json(const Snapshots::Info& snapshot) {
  return {{"name", snapshot.name},
          {"savedAt", snapshot.saved_at},
          {"discoverableCredentials", snapshot.discoverable_credentials}};
}

HttpResponse list_snapshots(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  Json snapshots = Json::array();
  for (const auto& snapshot : api.keys.bench(arguments[0])->snapshots().list())
    snapshots.push_back(to_json(snapshot));
  return json_response({{"snapshots", std::move(snapshots)}});
}

HttpResponse save_snapshot(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.bench(arguments[0]);
  const auto body = parse_body(request.body);
  JsonReader reader{body, "The request"};
  (void)reader.at("name");
  const auto name = *reader.text("name");
  reader.done();
  if (!is_name(name))
    throw BadRequest{"A snapshot's name has 1 to 32 letters, digits, dots, hyphens and underscores."};
  return json_response(to_json(key->snapshots().save(name, key->store())), 201);
}

HttpResponse restore_snapshot(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.bench(arguments[0]);
  const auto body = parse_body(request.body);
  JsonReader{body, "The request"}.done();
  key->restore(arguments[1]);
  return json_response(describe_key(*key));
}

HttpResponse delete_snapshot(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  api.keys.bench(arguments[0])->snapshots().remove(arguments[1]);
  return no_content();
}

constexpr std::array kRoutes{
    Route{"GET", "/v1/keys/{key}/snapshots", list_snapshots},
    Route{"POST", "/v1/keys/{key}/snapshots", save_snapshot},
    Route{"POST", "/v1/keys/{key}/snapshots/{snapshot}/restore", restore_snapshot},
    Route{"DELETE", "/v1/keys/{key}/snapshots/{snapshot}", delete_snapshot},
};

}  // namespace snapshot_api

std::span<const Route> snapshot_routes() { return snapshot_api::kRoutes; }

}  // namespace fauxkey::control
