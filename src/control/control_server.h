// The control interface: its routes, served to whoever may script the keys, and to nobody else.
//
// A web page in the browser under test must not reach it. On a Unix socket the kernel says whose process is
// at the other end; on a port a secret token is wanted, and what a browser sends for a foreign page (another
// Host, after DNS rebinding; an Origin) is refused before anything else is looked at.
#pragma once

#include <filesystem>
#include <string>

#include "control/api.h"
#include "control/http_server.h"

namespace fauxkey::control {

class ControlServer {
 public:
  /// `token_file`: made for a port, with mode 0600, and removed at the end. The file control.address beside
  /// it tells other programs of this user where the interface is. Throws as HttpServer.
  ControlServer(const std::string& address, std::filesystem::path token_file, Api api);
  /// On a socket that a service manager has made.
  ControlServer(transport::FileDescriptor listener, std::filesystem::path token_file, Api api);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// "unix:PATH" or "http://127.0.0.1:4321".
  [[nodiscard]] const std::string& url() const { return server_.url(); }

 private:
  [[nodiscard]] std::optional<HttpResponse> guard(HttpRequest& head, const Peer& peer) const;
  void start();
  void write_token();
  void write_address() const;
  void remove_address() const;
  [[nodiscard]] std::filesystem::path address_file() const;

  Api api_;
  std::filesystem::path token_file_;
  WipingString token_;  ///< empty on a Unix socket
  HttpServer server_;
};

}  // namespace fauxkey::control
