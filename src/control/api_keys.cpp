// /v1/keys: which keys there are, and whether they are plugged in; their clocks and what is told of them.
#include <algorithm>
#include <array>

#include "control/api.h"
#include "control/openapi.h"
#include "crypto/x509.h"
#include "personas/personas.h"

namespace fauxkey::control {
namespace key_api {  // sources are compiled together, so names must differ

double seconds(Clock::TimePoint moment) {
  const std::chrono::duration<double> since = moment.time_since_epoch();
  return since.count();
}

Json describe_clock(LiveKey& key) {
  const auto state = key.clock().state();
  return {{"now", seconds(state.now)},
          {"unixTime", state.unix_time},
          {"frozen", state.frozen},
          {"scale", state.scale}};
}

/// Moments of the clock's `now`.
Json describe_timers(const KeyState& state) {
  Json json{{"poweredUp", seconds(state.powered_up)},
            {"resetUntil", seconds(state.reset_until)},
            {"token", nullptr},
            {"sequenceUntil", nullptr}};
  if (state.token) {
    json["token"] = {{"permissions", state.token->permissions},
                     {"rpId", state.token->rp_id},
                     {"until", seconds(state.token->until)}};
  }
  if (state.sequence_until) json["sequenceUntil"] = seconds(*state.sequence_until);
  return json;
}

}  // namespace key_api

Json describe_key(LiveKey& key) {
  const auto addresses = key.addresses();
  const auto state = key.key().state();
  const auto count = key.store().count();
  Json fingers = Json::array();
  for (const auto& [name, finger] : state.fingers) fingers.push_back({{"name", name}, {"finger", finger}});
  Json json{{"name", key.name()},
            {"state", addresses.empty() ? "unplugged" : "plugged-in"},
            {"addresses", addresses},
            {"serial", key.serial()},
            {"lasts", key.store().lasts()},
            {"options", to_json(key.options())},
            {"pin",
             {{"set", state.pin_set},
              {"retries", state.pin_retries},
              {"needsPowerCycle", state.needs_power_cycle},
              {"forceChange", state.force_pin_change}}},
            {"uvRetries", state.uv_retries},
            {"alwaysUv", state.always_uv},
            {"fingers", std::move(fingers)},
            {"discoverableCredentials", nullptr},
            {"clock", key_api::describe_clock(key)},
            {"timers", key_api::describe_timers(state)},
            {"user", to_json(key.gate().behaviour())}};
  if (count) json["discoverableCredentials"] = *count;
  json["user"]["next"] = key.gate().next_count();
  return json;
}

namespace key_api {

HttpResponse get_status(Api& api, HttpRequest& /*request*/, const Arguments& /*arguments*/) {
  return json_response({{"program", "fauxkey"},
                        {"version", FAUXKEY_VERSION},
                        {"keys", api.keys.all().size()},
                        {"prompts", api.prompts.pending().size()},
                        {"lastEvent", api.events.last()},
                        {"instance", api.events.instance()}});
}

HttpResponse get_openapi(Api& /*api*/, HttpRequest& /*request*/, const Arguments& /*arguments*/) {
  HttpResponse response;
  response.content_type = "application/yaml";
  response.body = kOpenApi;
  return response;
}

HttpResponse list_personas(Api& api, HttpRequest& /*request*/, const Arguments& /*arguments*/) {
  const auto& folder = api.keys.surroundings().persona_folder;
  const auto own = personas::names_in(folder);
  Json list = Json::array();
  for (const auto& name : own) {
    try {
      list.push_back({{"name", name}, {"summary", personas::load(name, folder).summary}});
    } catch (const personas::PersonaError& error) {
      list.push_back({{"name", name}, {"error", error.what()}});
    }
  }
  for (const auto& model : personas::built_in()) {
    if (std::ranges::find(own, model.name) == own.end())
      list.push_back({{"name", model.name}, {"summary", model.summary}});
  }
  return json_response({{"personas", std::move(list)}});
}

HttpResponse list_keys(Api& api, HttpRequest& /*request*/, const Arguments& /*arguments*/) {
  Json keys = Json::array();
  for (const auto& key : api.keys.all()) keys.push_back(describe_key(*key));
  return json_response({{"keys", std::move(keys)}});
}

HttpResponse add_key(Api& api, HttpRequest& request, const Arguments& /*arguments*/) {
  const auto key =
      api.keys.add(read_key_options(parse_body(request.body), api.keys.surroundings().persona_folder));
  auto response = json_response(describe_key(*key), 201);
  response.headers.emplace_back("Location", "/v1/keys/" + key->name());
  return response;
}

HttpResponse get_key(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  return json_response(describe_key(*api.keys.at(arguments[0])));
}

HttpResponse remove_key(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  if (api.keys.at(arguments[0])->store().lasts()) {
    throw HttpError{409, "This key is the daemon's own and lasts: unplug it, or end the daemon."};
  }
  api.keys.remove(arguments[0]);
  return no_content();
}

/// The routes that do one thing to a key and tell how it is then.
template <auto Do, bool on_bench = false>
HttpResponse with_key(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = on_bench ? api.keys.bench(arguments[0]) : api.keys.at(arguments[0]);
  const auto body = parse_body(request.body);
  JsonReader reader{body, "The request"};
  Do(*key, reader);
  return json_response(describe_key(*key));
}

void plug_in(LiveKey& key, JsonReader& reader) {
  reader.done();
  key.plug_in();
}
void unplug(LiveKey& key, JsonReader& reader) {
  reader.done();
  key.unplug();
}
void power_cycle(LiveKey& key, JsonReader& reader) {
  reader.done();
  key.power_cycle();
}
void reset(LiveKey& key, JsonReader& reader) {
  reader.done();
  key.key().reset();
}

void set_clock(LiveKey& key, JsonReader& reader) {
  constexpr std::int64_t kMaxAdvance = 100LL * 366 * 24 * 3600 * 1000;
  constexpr double kMaxScale = 1e6;
  const auto frozen = reader.boolean("frozen");
  const auto scale = reader.number("scale", 0, kMaxScale);
  const auto advance = reader.integer("advanceMs", 0, kMaxAdvance);
  reader.done();
  if (frozen) *frozen ? key.clock().freeze() : key.clock().resume();
  if (scale) key.clock().scale(*scale);
  if (advance) key.clock().advance(std::chrono::milliseconds{*advance});
}

HttpResponse fork_key(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.bench(arguments[0]);
  const auto body = parse_body(request.body);
  JsonReader reader{body, "The request"};
  auto name = reader.text("name").value_or("");
  if (!name.empty() && !is_name(name))
    throw BadRequest{"A key's name has 1 to 32 letters, digits, dots, hyphens and underscores."};
  auto transports = reader.texts("transports");
  const auto snapshot = reader.text("snapshot");
  reader.done();
  const auto held = snapshot ? key->snapshots().at(*snapshot) : nullptr;
  const auto fork =
      api.keys.fork(*key, std::move(name), transports ? *std::move(transports) : key->options().transports,
                    held ? *held : key->store());
  auto response = json_response(describe_key(*fork), 201);
  response.headers.emplace_back("Location", "/v1/keys/" + fork->name());
  return response;
}

/// For relying parties: PEM, but for the names.
HttpResponse get_attestation(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  const auto live = api.keys.at(arguments[0]);
  auto& key = live->key();
  Json json{{"formats", key.attestation_formats()},
            {"root", crypto::x509::to_pem(key.attestation_root())},
            {"intermediate", nullptr},
            {"revocationLists", Json::array()}};
  if (const auto intermediate = key.attestation_intermediate())
    json["intermediate"] = crypto::x509::to_pem(*intermediate);
  try {
    for (const auto& list : key.attestation_revocation_lists())
      json["revocationLists"].push_back(crypto::x509::to_pem(list, crypto::x509::kRevocationListLabel));
  } catch (const std::runtime_error&) {
    // That of an older keystore signs none.
  }
  return json_response(json);
}

constexpr std::array kRoutes{
    Route{"GET", "/v1/status", get_status},
    Route{"GET", "/v1/openapi.yaml", get_openapi},
    Route{"GET", "/v1/personas", list_personas},
    Route{"GET", "/v1/keys", list_keys},
    Route{"POST", "/v1/keys", add_key},
    Route{"GET", "/v1/keys/{key}", get_key},
    Route{"DELETE", "/v1/keys/{key}", remove_key},
    Route{"GET", "/v1/keys/{key}/attestation", get_attestation},
    Route{"POST", "/v1/keys/{key}/plug-in", with_key<plug_in>},
    Route{"POST", "/v1/keys/{key}/unplug", with_key<unplug>},
    Route{"POST", "/v1/keys/{key}/power-cycle", with_key<power_cycle>},
    Route{"POST", "/v1/keys/{key}/reset", with_key<reset, true>},
    Route{"POST", "/v1/keys/{key}/fork", fork_key},
    Route{"PATCH", "/v1/keys/{key}/clock", with_key<set_clock, true>},
};

}  // namespace key_api

std::span<const Route> key_routes() { return key_api::kRoutes; }

}  // namespace fauxkey::control
