#include "app/inspector_relay.h"

#include <sodium.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "app/error.h"
#include "control/inspector.h"
#include "control/port_guard.h"

namespace fauxkey::app {
namespace {

using control::HttpRequest;
using control::HttpResponse;

/// The daemon's longest wait (waitMs) is half of it.
constexpr std::chrono::seconds kLongestCall{60};

WipingString new_token() {
  std::array<std::uint8_t, 32> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  WipingString token{std::string_view{control::base64url(bytes)}};
  sodium_memzero(bytes.data(), bytes.size());
  return token;
}

/// Whether this process's user has the socket with `own` as its port and `other` as its peer's, as the kernel
/// lists them (proc(5), /proc/net/tcp). One that its process has closed is nobody's. Where there is no such
/// list, whoever has the token is believed.
bool is_own_users(std::uint16_t own, std::uint16_t other) {
  bool listed = false;
  for (const char* const table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream lines{table};
    listed = listed || lines.good();
    for (std::string line; std::getline(lines, line);) {
      unsigned own_port = 0;
      unsigned other_port = 0;
      unsigned user = 0;
      if (std::sscanf(line.c_str(), "%*u: %*[0-9A-F]:%X %*[0-9A-F]:%X %*X %*[^ ] %*[^ ] %*X %u", &own_port,
                      &other_port, &user) == 3 &&
          own_port == own && other_port == other)
        return user == ::geteuid();
    }
  }
  return !listed;
}

}  // namespace

InspectorRelay::InspectorRelay(const std::string& listen, std::string daemon)
    : daemon_{std::move(daemon)}, token_{new_token()}, server_{listen} {
  server_.start([this](HttpRequest& head, const control::Peer& peer) { return guard(head, peer); },
                [this](HttpRequest& request) { return answer(request); }, kLongestCall);
}

InspectorRelay::~InspectorRelay() { server_.stop(); }

std::optional<HttpResponse> InspectorRelay::guard(HttpRequest& head, const control::Peer& peer) const {
  // The list is read in pieces, between which it may change: one look may miss a line.
  constexpr int kLooks = 3;
  bool own = false;
  for (int look = 0; !own && look < kLooks; ++look) own = is_own_users(peer.port, server_.port());
  if (!own) return control::error_response(403, "This page is another user's: run fauxkey ui as yourself.");
  return control::check_port_request(head, server_.port(), token_, "that fauxkey ui printed behind the #.");
}

HttpResponse InspectorRelay::answer(HttpRequest& request) const {
  if (control::is_inspector_path(request.path)) {
    if (request.method == "GET") return control::inspector_file(request.path);
    return control::error_response(405, "This path takes GET alone.");
  }
  // A stream would never end here; the page takes batches.
  const auto version = request.target.find("/v1/");
  if (version == std::string::npos || request.path == "/v1/events")
    return control::error_response(404, "There is nothing at this path.");
  HttpReply reply;
  try {
    auto call = call_to(find_daemon(daemon_), request.method, request.target.substr(version));
    if (const auto type = request.header("content-type")) call.headers.push_back("Content-Type: " + *type);
    call.body = std::move(request.body);
    call.limit = kLongestCall;
    call.stopped = request.stopped;
    reply = send(call);
  } catch (const Failure& error) {
    return control::error_response(502, error.what());
  }
  HttpResponse response;
  response.status = static_cast<int>(reply.status);
  response.content_type = "";
  for (const auto& [name, value] : reply.headers) {
    if (name == "Content-Type") response.content_type = value;
    if (name == "Content-Disposition" || name == "Location") response.headers.emplace_back(name, value);
  }
  response.body = std::move(reply.body);
  return response;
}

}  // namespace fauxkey::app
