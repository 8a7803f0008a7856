#include "control/port_guard.h"

#include <sodium.h>

#include <string>

#include "control/inspector.h"

namespace fauxkey::control {
namespace {

constexpr std::string_view kTokenPath = "/t/";
constexpr std::string_view kBearer = "Bearer ";

bool same_token(std::string_view given, std::string_view token) {
  return given.size() == token.size() && sodium_memcmp(given.data(), token.data(), token.size()) == 0;
}

}  // namespace

std::optional<HttpResponse> check_port_request(HttpRequest& head, std::uint16_t port, std::string_view token,
                                               std::string_view where_the_token_is) {
  const auto colon_port = ":" + std::to_string(port);
  const auto host = head.header("host").value_or("");
  if (host != "127.0.0.1" + colon_port && host != "localhost" + colon_port && host != "[::1]" + colon_port)
    return error_response(403, "The request's Host is not this one: use 127.0.0.1" + colon_port + ".");
  if (const auto origin = head.header("origin"); origin && *origin != "http://" + host)
    return error_response(403, "Web pages cannot control keys.");

  std::string given;
  if (head.path.starts_with(kTokenPath)) {
    const auto end = head.path.find('/', kTokenPath.size());
    given = head.path.substr(kTokenPath.size(), end - kTokenPath.size());
    head.path = end == std::string::npos ? "/" : head.path.substr(end);
  } else if (const auto header = head.header("authorization"); header && header->starts_with(kBearer)) {
    given = header->substr(kBearer.size());
  }
  if (same_token(given, token) || is_inspector_path(head.path)) return std::nullopt;
  auto refusal = error_response(401, "Give the token " + std::string{where_the_token_is});
  refusal.headers.emplace_back("WWW-Authenticate", "Bearer");
  return refusal;
}

}  // namespace fauxkey::control
