#include <algorithm>
#include <array>

#include "control/api.h"
#include "control/webdriver.h"
#include "fauxkey/virtual_key.h"
#include "transport/transport.h"

namespace fauxkey::control {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  if (path.starts_with('/')) path.remove_prefix(1);
  for (;;) {
    const auto end = path.find('/');
    parts.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return parts;
    path.remove_prefix(end + 1);
  }
}

/// The open parts' values where the path is of the pattern.
std::optional<Arguments> match(std::string_view pattern, const std::vector<std::string_view>& path) {
  const auto parts = split(pattern);
  if (parts.size() != path.size()) return std::nullopt;
  Arguments arguments;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].starts_with('{')) {
      if (path[i].empty()) return std::nullopt;
      arguments.emplace_back(path[i]);
    } else if (parts[i] != path[i]) {
      return std::nullopt;
    }
  }
  return arguments;
}

}  // namespace

std::vector<Route> routes() {
  std::vector<Route> all;
  for (const auto& some :
       {key_routes(), metadata_routes(), snapshot_routes(), credential_routes(), user_routes(),
        fault_routes(), event_routes(), webdriver_routes(), cdp_routes(), inspector_routes()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

HttpResponse answer(Api& api, HttpRequest& request) {
  static const auto kRoutes = routes();
  const auto path = split(request.path);
  std::string allowed;
  for (const auto& route : kRoutes) {
    const auto arguments = match(route.pattern, path);
    if (!arguments) continue;
    if (request.method != route.method) {
      allowed += (allowed.empty() ? "" : ", ") + std::string{route.method};
      continue;
    }
    try {
      return route.run(api, request, *arguments);
    } catch (const KeyBusy& error) {
      throw HttpError{409, error.what()};
    } catch (const transport::TransportUnavailable& error) {
      throw HttpError{409, error.what()};
    } catch (const std::invalid_argument& error) {
      throw BadRequest{error.what()};
    }
  }
  const bool webdriver = is_webdriver_path(request.path);
  if (allowed.empty()) {
    return webdriver ? webdriver_error(404, "unknown command", "There is no such command.")
                     : error_response(404, "There is nothing at this path: see GET /v1/openapi.yaml.");
  }
  const auto sentence = "This path takes " + allowed + " alone.";
  auto refusal = webdriver ? webdriver_error(405, "unknown method", sentence) : error_response(405, sentence);
  refusal.headers.emplace_back("Allow", allowed);
  return refusal;
}

}  // namespace fauxkey::control
