// Serves HTTP/1.1 on a Unix socket or a port of this machine, by libmicrohttpd: a thread for each connection,
// so that a slow client holds up nobody but itself.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "control/http.h"
#include "transport/file_descriptor.h"

namespace fauxkey::control {

/// Who is at the other end, as far as the kernel says.
struct Peer {
  std::optional<uid_t> user;  ///< of a Unix socket
  std::uint16_t port = 0;     ///< of a connection to a port, at the other end
};

class HttpServer {
 public:
  /// Further connections wait to be accepted.
  static constexpr unsigned kMaxConnections = 1100;
  static constexpr std::size_t kMaxBody = std::size_t{1} << 20U;
  static constexpr unsigned kIdleSeconds = 20;
  /// For a whole request to arrive.
  static constexpr std::chrono::seconds kMaxArrival{30};

  /// Called once the head has come, before the body is read: what it returns ends the request.
  using Guard = std::function<std::optional<HttpResponse>(HttpRequest& head, const Peer& peer)>;
  /// Called on the connection's thread; may wait, as long as `HttpRequest::stopped` does not hold.
  using Handler = std::function<HttpResponse(HttpRequest& request)>;

  /// `address`: "unix:PATH" (made with mode 0600; one that nobody listens on any more is replaced) or
  /// "127.0.0.1:PORT", "[::1]:PORT", with 0 for any free port. Throws std::invalid_argument for another,
  /// std::runtime_error where it cannot be had; each says in one sentence what to do next.
  explicit HttpServer(const std::string& address);
  /// Takes a stream socket that listens already, made by a service manager: a Unix socket, which stays in its
  /// place afterwards, or a port of this machine alone. Throws std::invalid_argument for any other.
  explicit HttpServer(transport::FileDescriptor listener);
  /// Answers nobody any more; waits until handlers have returned.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Begins to answer. Once. `longest`: how long a handler may take.
  void start(Guard guard, Handler handler, std::chrono::seconds longest = std::chrono::seconds{60});
  /// From here on `HttpRequest::stopped` holds.
  void stop();
  /// "unix:PATH" or "http://127.0.0.1:4321".
  [[nodiscard]] const std::string& url() const;
  /// 0 for a Unix socket.
  [[nodiscard]] std::uint16_t port() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace fauxkey::control
