#include "control/control_server.h"

#include <fcntl.h>
#include <sodium.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "control/port_guard.h"
#include "transport/file_descriptor.h"

namespace fauxkey::control {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr const char* kAddressFile = "control.address";

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
  write_address();
  server_.start([this](HttpRequest& head, const Peer& peer) { return guard(head, peer); },
                [this](HttpRequest& request) { return answer(api_, request); });
}

ControlServer::~ControlServer() {
  server_.stop();
  api_.events.wake();
  api_.prompts.wake();
  std::error_code ignored;
  if (!token_.empty()) std::filesystem::remove(token_file_, ignored);
  remove_address();
}

/// Nobody is the worse for it where that is not possible: who asks then names the address.
void ControlServer::write_address() const {
  const auto path = address_file();
  if (path.empty()) return;
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  const transport::FileDescriptor file{
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file || ::write(file.get(), url().data(), url().size()) != static_cast<ssize_t>(url().size()))
    spdlog::debug("The control interface's address could not be written to {}.", path.string());
}

/// Where another daemon has written its own address meanwhile, it stays.
void ControlServer::remove_address() const {
  const auto path = address_file();
  std::string written;
  if (path.empty() || !(std::ifstream{path} >> written) || written != url()) return;
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
}

std::filesystem::path ControlServer::address_file() const {
  const auto folder = token_file_.parent_path();
  return folder.empty() ? folder : folder / kAddressFile;
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
  if (!token_.empty()) {
    return check_port_request(
        head, server_.port(), token_,
        "of the file control.token, as in: Authorization: Bearer TOKEN, or /t/TOKEN/v1/status.");
  }
  if (!peer.user || (*peer.user != ::geteuid() && *peer.user != 0))
    return error_response(403, "This key is another user's: ask its daemon's user.");
  if (head.header("origin")) return error_response(403, "Web pages cannot control keys.");
  return std::nullopt;
}

}  // namespace fauxkey::control
