// What the routes of the control interface work on.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control/event_hub.h"
#include "control/http.h"
#include "control/key_ring.h"
#include "control/virtual_authenticators.h"
#include "user/prompt_board.h"

namespace fauxkey::control {

struct Api {
  KeyRing& keys;
  user::PromptBoard& prompts;
  EventHub& events;
  VirtualAuthenticators& authenticators;
};

/// The parts of a path that its pattern leaves open, in order.
using Arguments = std::vector<std::string>;

struct Route {
  const char* method;
  const char* pattern;  ///< "/v1/keys/{key}/user": as openapi.yaml has it
  HttpResponse (*run)(Api&, HttpRequest&, const Arguments&);
};

// The routes, a file each for what they are about.
[[nodiscard]] std::span<const Route> key_routes();
[[nodiscard]] std::span<const Route> metadata_routes();
[[nodiscard]] std::span<const Route> snapshot_routes();
[[nodiscard]] std::span<const Route> credential_routes();
[[nodiscard]] std::span<const Route> user_routes();
[[nodiscard]] std::span<const Route> fault_routes();
[[nodiscard]] std::span<const Route> event_routes();
[[nodiscard]] std::span<const Route> webdriver_routes();
[[nodiscard]] std::span<const Route> cdp_routes();
[[nodiscard]] std::span<const Route> inspector_routes();

/// A key as its routes answer with it.
[[nodiscard]] Json describe_key(LiveKey& key);

/// All of them.
[[nodiscard]] std::vector<Route> routes();
/// The answer to a request: by its route, or 404, or 405.
[[nodiscard]] HttpResponse answer(Api& api, HttpRequest& request);

}  // namespace fauxkey::control
