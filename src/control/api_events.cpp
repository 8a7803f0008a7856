// /v1/events: what happens to the keys, as server-sent events (HTML, 9.2), or a batch at a time.
#include <algorithm>
#include <array>
#include <charconv>

#include "control/api.h"
#include "control/request_terms.h"

namespace fauxkey::control {
namespace event_api {  // sources are compiled together, so names must differ

using Wanted = std::function<bool(const Event&)>;

/// A comment after so long without an event shows whether the reader is still there.
constexpr std::chrono::milliseconds kHeartbeat{5'000};
constexpr std::int64_t kMaxWait = 30'000;

/// By key and by types, each of which may end in ".*".
Wanted wanted_by(const HttpRequest& request) {
  std::optional<std::string> key;
  std::vector<std::string> types;
  if (const auto found = request.query.find("key"); found != request.query.end()) key = found->second;
  if (const auto found = request.query.find("types"); found != request.query.end()) {
    std::string_view rest = found->second;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      types.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return [key, types](const Event& event) {
    return (!key || event.key == *key) &&
           (types.empty() || std::ranges::any_of(types, [&](std::string_view type) {
              return type.ends_with(".*") ? event.type.starts_with(type.substr(0, type.size() - 1))
                                          : event.type == type;
            }));
  };
}

/// Where to begin: after what the reader has seen, or now.
std::uint64_t beginning(Api& api, const HttpRequest& request) {
  if (const auto after = number_in_query(request, "after", INT64_MAX))
    return static_cast<std::uint64_t>(*after);
  if (const auto seen = request.header("last-event-id")) {
    std::uint64_t id = 0;
    const char* const end = seen->data() + seen->size();
    if (const auto [rest, error] = std::from_chars(seen->data(), end, id);
        error == std::errc{} && rest == end)
      return id;
  }
  return api.events.last();
}

HttpResponse stream_events(Api& api, HttpRequest& request, const Arguments& /*arguments*/) {
  HttpResponse response;
  response.content_type = "text/event-stream";
  response.stream = [&hub = api.events, wanted = wanted_by(request), after = beginning(api, request),
                     stopped = request.stopped, begun = false]() mutable -> std::optional<std::string> {
    if (stopped()) return std::nullopt;
    // At once, so that a reader knows that nothing escapes it from here on.
    if (!begun) {
      begun = true;
      return "retry: 1000\n\n";
    }
    const auto batch = hub.take(after, wanted, kHeartbeat, stopped);
    after = batch.last;
    std::string text;
    if (batch.missed > 0)
      text += "event: missed\ndata: {\"events\":" + std::to_string(batch.missed) + "}\n\n";
    for (const auto& event : batch.events) {
      text += "id: " + std::to_string(event.id) + "\nevent: " + event.type + "\ndata: " + event.data + "\n\n";
    }
    return text.empty() ? ": \n\n" : text;
  };
  return response;
}

/// For clients without server-sent events.
HttpResponse take_events(Api& api, HttpRequest& request, const Arguments& /*arguments*/) {
  const auto wait = number_in_query(request, "waitMs", kMaxWait).value_or(0);
  const auto batch = api.events.take(beginning(api, request), wanted_by(request),
                                     std::chrono::milliseconds{wait}, request.stopped);
  HttpResponse response;
  response.body = "{\"instance\":\"";
  response.body += api.events.instance();
  response.body += "\",\"missed\":";
  response.body += std::to_string(batch.missed);
  response.body += ",\"last\":";
  response.body += std::to_string(batch.last);
  response.body += ",\"events\":[";
  for (const auto& event : batch.events) {
    if (&event != batch.events.data()) response.body += ',';
    response.body += "{\"id\":" + std::to_string(event.id) + ",\"type\":\"" + event.type +
                     "\",\"data\":" + event.data + "}";
  }
  response.body += "]}\n";
  return response;
}

/// The messages among the events that are kept, one JSON object a line.
HttpResponse get_trace(Api& api, HttpRequest& request, const Arguments& /*arguments*/) {
  const auto begin = static_cast<std::uint64_t>(number_in_query(request, "after", INT64_MAX).value_or(0));
  HttpResponse response;
  response.content_type = "application/jsonl";
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"fauxkey-trace.jsonl\"");
  auto wanted = [of_key = wanted_by(request)](const Event& event) {
    return of_key(event) && (event.type.ends_with(".request") || event.type.ends_with(".answer"));
  };
  response.stream = [&hub = api.events, wanted = std::move(wanted), after = begin,
                     stopped = request.stopped]() mutable -> std::optional<std::string> {
    while (!stopped()) {
      const auto batch = hub.take(after, wanted, std::chrono::milliseconds{0}, stopped);
      if (batch.events.empty() && batch.missed == 0) return std::nullopt;
      after = batch.last;
      std::string text;
      for (const auto& event : batch.events) text += event.data + "\n";
      if (!text.empty()) return text;
    }
    return std::nullopt;
  };
  return response;
}

constexpr std::array kRoutes{
    Route{"GET", "/v1/trace", get_trace},
    Route{"GET", "/v1/events", stream_events},
    Route{"GET", "/v1/events/batch", take_events},
};

}  // namespace event_api

std::span<const Route> event_routes() { return event_api::kRoutes; }

}  // namespace fauxkey::control
