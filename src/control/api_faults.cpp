// /v1/keys/{key}/faults: how a key goes wrong.
#include <array>

#include "control/api.h"
#include "control/faults/rules.h"
#include "control/request_terms.h"

namespace fauxkey::control {
namespace fault_api {  // sources are compiled together, so names must differ

faults::Id id_of(const std::string& text) { return number_in_path(text, "A fault's id"); }

HttpError not_there() { return {404, "The key has no fault of this id: list its faults."}; }

HttpResponse list_faults(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  return json_response({{"faults", api.keys.at(arguments[0])->faults().list()}});
}

HttpResponse add_fault(Api& api, HttpRequest& request, const Arguments& arguments) {
  const auto key = api.keys.bench(arguments[0]);
  try {
    const auto id = key->faults().add(plain(parse_body(request.body)));
    return json_response(key->faults().get(id).value_or(Json{{"id", id}}), 201);
  } catch (const faults::RuleError& error) {
    throw BadRequest{error.what()};
  }
}

HttpResponse clear_faults(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  api.keys.at(arguments[0])->faults().clear();
  return no_content();
}

HttpResponse get_fault(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  const auto rule = api.keys.at(arguments[0])->faults().get(id_of(arguments[1]));
  if (!rule) throw not_there();
  return json_response(*rule);
}

HttpResponse remove_fault(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  if (!api.keys.at(arguments[0])->faults().remove(id_of(arguments[1]))) throw not_there();
  return no_content();
}

constexpr std::array kRoutes{
    Route{"GET", "/v1/keys/{key}/faults", list_faults},
    Route{"POST", "/v1/keys/{key}/faults", add_fault},
    Route{"DELETE", "/v1/keys/{key}/faults", clear_faults},
    Route{"GET", "/v1/keys/{key}/faults/{fault}", get_fault},
    Route{"DELETE", "/v1/keys/{key}/faults/{fault}", remove_fault},
};

}  // namespace fault_api

std::span<const Route> fault_routes() { return fault_api::kRoutes; }

}  // namespace fauxkey::control
