// The user of a key: how questions are answered, which wait for an answer; the PIN, the tries and the
// fingers.
#include <array>

#include "control/api.h"
#include "control/prompts.h"
#include "control/request_terms.h"

namespace fauxkey::control {
namespace user_api {  // sources are compiled together, so names must differ

constexpr std::int64_t kMaxWait = 30'000;

HttpResponse describe_user(LiveKey& key) {
  auto json = to_json(key.gate().behaviour());
  json["next"] = key.gate().next_count();
  return json_response(json);
}

HttpResponse get_user(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  return describe_user(*api.keys.at(arguments[0]));
}

/// As it is, but for what the request names.
user::Behaviour wanted_behaviour(LiveKey& key, const HttpRequest& request) {
  const auto body = parse_body(request.body);
  JsonReader reader{body, "The request"};
  auto behaviour = key.gate().behaviour();
  read_behaviour(reader, behaviour);
  reader.done();
  return behaviour;
}

HttpResponse set_user(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.bench(arguments[0]);
  key->gate().set(wanted_behaviour(*key, request));
  return describe_user(*key);
}

/// For the next question alone; further calls are for those after it.
HttpResponse push_next(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.bench(arguments[0]);
  if (!key->gate().push_next(wanted_behaviour(*key, request)))
    throw HttpError{409, "1000 answers are waiting for their questions already: clear them with DELETE."};
  return describe_user(*key);
}

HttpResponse clear_next(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  api.keys.bench(arguments[0])->gate().clear_next();
  return no_content();
}

HttpResponse set_pin(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.bench(arguments[0]);
  const auto body = parse_body(request.body);
  JsonReader reader{body, "The request"};
  const auto pin = reader.secret("pin");
  constexpr std::int64_t kMaxTries = 8;
  const auto retries = reader.integer("retries", 0, kMaxTries);
  const auto uv_retries = reader.integer("uvRetries", 0, kMaxTries);
  const auto force = reader.boolean("forceChange");
  reader.done();
  const auto tries = [](const std::optional<std::int64_t>& number) {
    return number ? std::optional{static_cast<std::uint8_t>(*number)} : std::nullopt;
  };
  if (pin) key->key().replace_pin(bytes_of(*pin));
  key->key().set_retries(tries(retries), tries(uv_retries));
  if (force) key->key().set_force_pin_change(*force);
  const auto state = key->key().state();
  return json_response({{"set", state.pin_set},
                        {"retries", state.pin_retries},
                        {"needsPowerCycle", state.needs_power_cycle},
                        {"forceChange", state.force_pin_change},
                        {"uvRetries", state.uv_retries}});
}

HttpResponse enroll(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.bench(arguments[0]);
  const auto body = parse_body(request.body);
  JsonReader reader{body, "The request"};
  const auto finger = reader.integer("finger", 0, UINT32_MAX).value_or(1);
  const auto name = reader.text("name").value_or("");
  reader.done();
  key->key().enroll(static_cast<std::uint32_t>(finger), name);
  return json_response({{"name", name}, {"finger", finger}}, 201);
}

HttpResponse list_prompts(Api& api, HttpRequest& request, const Arguments& /*arguments*/) {
  std::optional<std::string> key;
  if (const auto named = request.query.find("key"); named != request.query.end()) key = named->second;
  const std::chrono::milliseconds wait{number_in_query(request, "waitMs", kMaxWait).value_or(0)};
  Json prompts = Json::array();
  for (const auto& entry : api.prompts.wait(key, wait, request.stopped)) prompts.push_back(to_json(entry));
  return json_response({{"prompts", std::move(prompts)}});
}

HttpResponse answer_prompt(Api& api, HttpRequest& request, const Arguments& arguments) {
  const user::PromptBoard::Id id = number_in_path(arguments[0], "A prompt's id");
  const auto body = parse_body(request.body);
  JsonReader reader{body, "The request"};
  const auto reply = read_answer(reader);
  reader.done();
  if (!api.prompts.answer(id, reply))
    throw HttpError{404, "No prompt of this id waits for an answer: GET /v1/prompts lists those that do."};
  return no_content();
}

constexpr std::array kRoutes{
    Route{"GET", "/v1/keys/{key}/user", get_user},
    Route{"PATCH", "/v1/keys/{key}/user", set_user},
    Route{"POST", "/v1/keys/{key}/user/next", push_next},
    Route{"DELETE", "/v1/keys/{key}/user/next", clear_next},
    Route{"PATCH", "/v1/keys/{key}/pin", set_pin},
    Route{"POST", "/v1/keys/{key}/fingers", enroll},
    Route{"GET", "/v1/prompts", list_prompts},
    Route{"POST", "/v1/prompts/{prompt}", answer_prompt},
};

}  // namespace user_api

std::span<const Route> user_routes() { return user_api::kRoutes; }

}  // namespace fauxkey::control
