#include "control/control_server.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "transport/file_descriptor.h"

namespace fauxkey::control {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::string_view kTokenPath = "/t/";

bool same_token(std::string_view given, std::string_view token) {
  return given.size() == token.size() && sodium_memcmp(given.data(), token.data(), token.size()) == 0;
}

}  // namespace

ControlServer::ControlServer(const std::string& address, std::filesystem::path token_file, Api api)
    : api_{api}, token_file_{std::move(token_file)}, server_{address} {
  start();
}

ControlServer::ControlServer(transport::FileDescriptor listener, std::filesystem::path token_file, Api api)
    : api_{api}, token_file_{std::move(token_file)}, server_{std::move(listener)} {
  start();
}

void ControlServer::start() {
  if (server_.port() != 0) write_token();
  server_.start([this](HttpRequest& head, const Peer& peer) { return guard(head, peer); },
                [this](HttpRequest& request) { return answer(api_, request); });
}

ControlServer::~ControlServer() {
  server_.stop();
  api_.events.wake();
  api_.prompts.wake();
  std::error_code ignored;
  if (!token_.empty()) std::filesystem::remove(token_file_, ignored);
}

void ControlServer::write_token() {
  std::array<std::uint8_t, kTokenBytes> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  token_ = base64url(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  // Made anew, so that nobody who had opened an older one reads this one.
  std::error_code ignored;
  std::filesystem::create_directories(token_file_.parent_path(), ignored);
  std::filesystem::remove(token_file_, ignored);
  const transport::FileDescriptor file{
      ::open(token_file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file || ::write(file.get(), token_.data(), token_.size()) != static_cast<ssize_t>(token_.size())) {
    throw std::runtime_error{"The control interface's token cannot be written to " + token_file_.string() +
                             " (" + std::strerror(errno) + "): set XDG_RUNTIME_DIR to a folder of yours."};
  }
}

std::optional<HttpResponse> ControlServer::guard(HttpRequest& head, const Peer& peer) const {
  if (!token_.empty()) return guard_port(head);
  if (!peer.user || (*peer.user != ::geteuid() && *peer.user != 0))
    return error_response(403, "This key is another user's: ask its daemon's user.");
  if (head.header("origin")) return error_response(403, "Web pages cannot control keys.");
  return std::nullopt;
}

std::optional<HttpResponse> ControlServer::guard_port(HttpRequest& head) const {
  const auto port = ":" + std::to_string(server_.port());
  const auto host = head.header("host").value_or("");
  if (host != "127.0.0.1" + port && host != "localhost" + port && host != "[::1]" + port)
    return error_response(403, "The request's Host is not this one: use 127.0.0.1" + port + ".");
  if (const auto origin = head.header("origin"); origin && *origin != "http://" + host)
    return error_response(403, "Web pages cannot control keys.");

  std::string given;
  constexpr std::string_view kBearer = "Bearer ";
  if (head.path.starts_with(kTokenPath)) {
    const auto end = head.path.find('/', kTokenPath.size());
    given = head.path.substr(kTokenPath.size(), end - kTokenPath.size());
    head.path = end == std::string::npos ? "/" : head.path.substr(end);
  } else if (const auto header = head.header("authorization"); header && header->starts_with(kBearer)) {
    given = header->substr(kBearer.size());
  }
  if (same_token(given, token_)) return std::nullopt;
  auto refusal = error_response(
      401,
      "Give the token of the file control.token, as in: Authorization: Bearer TOKEN, or /t/TOKEN/v1/status.");
  refusal.headers.emplace_back("WWW-Authenticate", "Bearer");
  return refusal;
}

}  // namespace fauxkey::control
