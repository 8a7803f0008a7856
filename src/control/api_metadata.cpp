// /v1/keys/{key}/metadata: what a relying party's library is told of this kind of key.
#include <algorithm>
#include <array>

#include "control/api.h"
#include "control/metadata.h"

namespace fauxkey::control {
namespace metadata_api {  // sources are compiled together, so names must differ

constexpr std::int64_t kMonth = 30LL * 86'400;

std::optional<std::string> query(const HttpRequest& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::nullopt : std::optional{found->second};
}

void check_query(const HttpRequest& request, std::span<const std::string_view> known) {
  for (const auto& [name, value] : request.query) {
    if (std::ranges::find(known, name) == known.end())
      throw BadRequest{"There is no parameter " + name + " here; see /v1/openapi.yaml."};
  }
}

Json statement_of(LiveKey& live, const std::shared_ptr<const AttestationRoot>& root) {
  return metadata_statement(live.options().config, root, live.clock());
}

HttpResponse get_statement(Api& api, HttpRequest& /*request*/, const Arguments& arguments) {
  const auto live = api.keys.at(arguments[0]);
  return json_response(statement_of(*live, live->key().load_attestation_root()));
}

HttpResponse get_blob(Api& api, HttpRequest& request, const Arguments& arguments) {
  constexpr std::array<std::string_view, 4> kKnown{"status", "nextUpdate", "number", "badSignature"};
  check_query(request, kKnown);
  const auto live = api.keys.at(arguments[0]);
  const auto root = live->key().load_attestation_root();
  const auto now = live->clock().unix_time();
  MetadataList list{.entries = {},
                    .date = metadata_date(now),
                    .next_update = query(request, "nextUpdate").value_or(metadata_date(now + kMonth)),
                    .bad_signature = query(request, "badSignature") == "true"};
  if (!is_metadata_date(list.next_update)) throw BadRequest{"nextUpdate is a date such as 2026-12-31."};
  if (const auto number = query(request, "number")) {
    constexpr std::size_t kMaxDigits = 9;
    if (number->empty() || number->size() > kMaxDigits ||
        !std::ranges::all_of(*number, [](char c) { return c >= '0' && c <= '9'; }))
      throw BadRequest{"number is a whole number of up to 9 digits."};
    list.number = std::stoull(*number);
  }
  MetadataEntry entry{.statement = statement_of(*live, root), .reports = {}};
  if (auto status = query(request, "status")) {
    const auto statuses = metadata_statuses();
    if (std::ranges::find(statuses, *status) == statuses.end())
      throw BadRequest{"There is no status " + *status + ": REVOKED is one, and UPDATE_AVAILABLE."};
    entry.reports.push_back({.status = *std::move(status), .date = list.date});
  }
  list.entries.push_back(std::move(entry));
  HttpResponse response;
  response.content_type = "application/jwt";
  response.body = metadata_blob(list, *root);
  return response;
}

constexpr std::array kRoutes{Route{"GET", "/v1/keys/{key}/metadata", get_statement},
                             Route{"GET", "/v1/keys/{key}/metadata/blob", get_blob}};

}  // namespace metadata_api

std::span<const Route> metadata_routes() { return metadata_api::kRoutes; }

}  // namespace fauxkey::control
