#include "control/http_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "transport/file_descriptor.h"
#include "transport/unix_listener.h"

namespace fauxkey::control {
namespace {

constexpr std::size_t kThreadStack = std::size_t{512} << 10U;
constexpr std::size_t kMaxDiscarded = std::size_t{16} << 20U;
constexpr std::size_t kHeadMemory = std::size_t{32} << 10U;

std::invalid_argument not_an_address(const std::string& address) {
  return std::invalid_argument{
      "The control address " + address +
      " is none: give unix:PATH, 127.0.0.1:PORT or [::1]:PORT (port 0: any free one)."};
}

/// A port of this machine, for this machine alone.
transport::FileDescriptor listen_locally(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) throw not_an_address(address);
  const auto host = address.substr(0, colon);
  std::uint16_t port = 0;
  const char* const begin = address.data() + colon + 1;
  const char* const end = address.data() + address.size();
  if (const auto [rest, error] = std::from_chars(begin, end, port); error != std::errc{} || rest != end)
    throw not_an_address(address);

  sockaddr_storage storage{};
  socklen_t size = 0;
  if (host == "127.0.0.1" || host == "localhost") {
    auto& name = reinterpret_cast<sockaddr_in&>(storage);
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    size = sizeof name;
  } else if (host == "[::1]") {
    auto& name = reinterpret_cast<sockaddr_in6&>(storage);
    name.sin6_family = AF_INET6;
    name.sin6_port = htons(port);
    name.sin6_addr = in6addr_loopback;
    size = sizeof name;
  } else {
    throw not_an_address(address);
  }
  transport::FileDescriptor listener{
      ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const int on = 1;
  if (!listener || ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0 ||
      ::listen(listener.get(), SOMAXCONN) != 0) {
    throw std::runtime_error{"The control interface cannot have " + address + " (" + std::strerror(errno) +
                             "): give another port, or 0 for any free one."};
  }
  return listener;
}

std::uint16_t port_in(const sockaddr_storage& name) {
  return ntohs(name.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(name).sin6_port
                                          : reinterpret_cast<const sockaddr_in&>(name).sin_port);
}

/// The name of a listening socket, and how many bytes of it there are.
std::pair<sockaddr_storage, socklen_t> socket_name(int listener) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(listener, reinterpret_cast<sockaddr*>(&storage), &size) != 0) size = 0;
  return {storage, size};
}

std::string url_of(const sockaddr_storage& storage, socklen_t size) {
  switch (storage.ss_family) {
    case AF_UNIX: {
      const auto* const path = reinterpret_cast<const sockaddr_un&>(storage).sun_path;
      const auto length = size - std::min<std::size_t>(size, offsetof(sockaddr_un, sun_path));
      return "unix:" + std::string{path, ::strnlen(path, length)};
    }
    case AF_INET6:
      return "http://[::1]:" + std::to_string(port_in(storage));
    default:
      return "http://127.0.0.1:" + std::to_string(port_in(storage));
  }
}

/// Whether nobody but this machine can reach it.
bool is_local(const sockaddr_storage& storage) {
  switch (storage.ss_family) {
    case AF_UNIX:
      return true;
    case AF_INET:
      return reinterpret_cast<const sockaddr_in&>(storage).sin_addr.s_addr == htonl(INADDR_LOOPBACK);
    case AF_INET6:
      return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr) != 0;
    default:
      return false;
  }
}

bool listens(int socket) {
  int type = 0;
  int accepts = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
         ::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) == 0 && accepts != 0;
}

Peer peer_of(MHD_Connection* connection) {
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  ucred credentials{};
  socklen_t size = sizeof credentials;
  sockaddr_storage own{};
  socklen_t own_size = sizeof own;
  Peer peer;
  if (info == nullptr || ::getsockname(info->connect_fd, reinterpret_cast<sockaddr*>(&own), &own_size) != 0)
    return peer;
  if (own.ss_family != AF_UNIX) {
    sockaddr_storage other{};
    socklen_t other_size = sizeof other;
    if (::getpeername(info->connect_fd, reinterpret_cast<sockaddr*>(&other), &other_size) == 0)
      peer.port = port_in(other);
    return peer;
  }
  if (::getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0)
    peer.user = credentials.uid;
  return peer;
}

MHD_Result collect(void* into, MHD_ValueKind kind, const char* name, const char* value) {
  auto& request = *static_cast<HttpRequest*>(into);
  std::string key = name != nullptr ? name : "";
  const std::string text = value != nullptr ? value : "";
  if (kind == MHD_GET_ARGUMENT_KIND) {
    request.query[key] = text;
    return MHD_YES;
  }
  std::ranges::transform(key, key.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; });
  // One that comes twice is none of those that we look at; it must not pass for either.
  auto [place, is_new] = request.headers.emplace(key, text);
  if (!is_new) place->second += ", " + text;
  return MHD_YES;
}

/// What a streamed answer has produced and the connection has not taken yet.
struct Stream {
  std::function<std::optional<std::string>()> next;
  std::string rest;
};

ssize_t read_stream(void* from, std::uint64_t /*position*/, char* buffer, std::size_t size) {
  auto& stream = *static_cast<Stream*>(from);
  if (stream.rest.empty()) {
    auto more = stream.next();
    if (!more) return MHD_CONTENT_READER_END_OF_STREAM;
    stream.rest = *std::move(more);
  }
  const auto taken = std::min(size, stream.rest.size());
  std::copy_n(stream.rest.begin(), taken, buffer);
  stream.rest.erase(0, taken);
  return static_cast<ssize_t>(taken);
}

void log_line(void* /*unused*/, const char* format, va_list arguments) {
  std::array<char, 256> text{};
  if (std::vsnprintf(text.data(), text.size(), format, arguments) > 0)
    spdlog::debug("HTTP: {}", std::string{text.data()});
}

MHD_Result send_answer(MHD_Connection* connection, HttpResponse answer) {
  MHD_Response* response = nullptr;
  if (answer.stream) {
    auto stream = std::make_unique<Stream>(Stream{std::move(answer.stream), {}});
    constexpr std::size_t kBlock = 16 << 10;
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, kBlock, read_stream, stream.get(),
                                                 [](void* ended) { delete static_cast<Stream*>(ended); });
    if (response != nullptr) (void)stream.release();  // libmicrohttpd's now
  } else {
    auto body = std::make_unique<WipingString>(std::move(answer.body));
    response = MHD_create_response_from_buffer_with_free_callback_cls(
        body->size(), body->data(), [](void* ended) { delete static_cast<WipingString*>(ended); },
        body.get());
    if (response != nullptr) (void)body.release();
  }
  if (response == nullptr) return MHD_NO;
  if (!answer.content_type.empty())
    MHD_add_response_header(response, "Content-Type", answer.content_type.c_str());
  if (!answer.passed_on) {
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
  }
  for (const auto& [name, value] : answer.headers)
    MHD_add_response_header(response, name.c_str(), value.c_str());
  const auto sent = MHD_queue_response(connection, static_cast<unsigned>(answer.status), response);
  MHD_destroy_response(response);
  return sent;
}

}  // namespace

class HttpServer::Implementation {
 public:
  explicit Implementation(const std::string& address) {
    constexpr std::string_view kUnix = "unix:";
    if (address.starts_with(kUnix)) {
      listener_ = unix_.emplace(address.substr(kUnix.size()), SOCK_STREAM).fd();
      url_ = address;
    } else {
      take(listen_locally(address));
    }
  }
  explicit Implementation(transport::FileDescriptor listener) {
    const auto [name, size] = socket_name(listener.get());
    if (!listens(listener.get()) || !is_local(name)) {
      throw std::invalid_argument{
          "The socket that the service manager made for the control interface is none for it: let "
          "ListenStream= name a path, 127.0.0.1:PORT or [::1]:PORT."};
    }
    // libmicrohttpd waits by poll; a client that is gone by then must not make it wait in accept.
    ::fcntl(listener.get(), F_SETFL, ::fcntl(listener.get(), F_GETFL) | O_NONBLOCK);
    take(std::move(listener));
  }
  void start(Guard guard, Handler handler, std::chrono::seconds longest) {
    longest_ = static_cast<unsigned>(longest.count());
    guard_ = std::move(guard);
    handler_ = std::move(handler);
    const int listener = ::fcntl(listener_, F_DUPFD_CLOEXEC, 0);  // libmicrohttpd closes what it is given
    daemon_ =
        MHD_start_daemon(MHD_USE_POLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                             MHD_USE_ITC | MHD_USE_ERROR_LOG,
                         0, nullptr, nullptr, on_request, this, MHD_OPTION_EXTERNAL_LOGGER, log_line, nullptr,
                         MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT, kMaxConnections,
                         MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                         kHeadMemory, MHD_OPTION_THREAD_STACK_SIZE, kThreadStack, MHD_OPTION_NOTIFY_COMPLETED,
                         on_completed, this, MHD_OPTION_URI_LOG_CALLBACK, on_target, this, MHD_OPTION_END);
    if (daemon_ == nullptr)
      throw std::runtime_error{"The control interface cannot be started; run again with -v for the reason."};
  }
  ~Implementation() {
    stop();
    if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  void stop() { stopping_ = true; }
  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void take(transport::FileDescriptor listener) {
    own_listener_ = std::move(listener);
    listener_ = own_listener_.get();
    const auto [name, size] = socket_name(listener_);
    url_ = url_of(name, size);
    if (name.ss_family != AF_UNIX) port_ = port_in(name);
  }

  using SteadyClock = std::chrono::steady_clock;
  struct Arriving {
    HttpRequest request;
    bool has_head = false;
    SteadyClock::time_point begun = SteadyClock::now();
    std::size_t size = 0;
    /// The answer is known before the body has come, which is read all the same, within bounds: a client that
    /// is still sending sees no answer.
    std::optional<HttpResponse> refusal;
  };

  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* path, const char* method,
                               const char* /*version*/, const char* data, std::size_t* size, void** state) {
    try {
      return static_cast<Implementation*>(self)->serve(connection, path, method, data, *size, *state);
    } catch (const std::exception& error) {
      spdlog::error("A request of the control interface could not be answered: {}", error.what());
      return MHD_NO;
    }
  }

  /// Comes first, with what the others get decoded; what it returns is their state.
  static void* on_target(void* /*self*/, const char* target, MHD_Connection* /*connection*/) {
    auto arriving = std::make_unique<Arriving>();
    arriving->request.target = target != nullptr ? target : "";
    return arriving.release();  // on_completed ends it
  }

  static void on_completed(void* /*self*/, MHD_Connection* /*connection*/, void** state,
                           MHD_RequestTerminationCode /*why*/) {
    delete static_cast<Arriving*>(std::exchange(*state, nullptr));
  }

  MHD_Result serve(MHD_Connection* connection, const char* path, const char* method, const char* data,
                   std::size_t& size, void*& state) {
    if (state == nullptr) return MHD_NO;
    auto& arriving = *static_cast<Arriving*>(state);
    if (!std::exchange(arriving.has_head, true)) return begin(connection, path, method, arriving);
    if (size > 0) {
      const auto taken = std::exchange(size, 0);
      arriving.size += taken;
      // A client that sends a byte now and then is not idle.
      if (arriving.size > kMaxDiscarded || SteadyClock::now() - arriving.begun > kMaxArrival) return MHD_NO;
      if (arriving.size > kMaxBody && !arriving.refusal) arriving.refusal = too_large();
      if (!arriving.refusal) arriving.request.body.append(data, taken);
      return MHD_YES;
    }
    // The connection is not idle while its handler waits.
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, longest_);
    return send_answer(connection,
                       arriving.refusal ? *std::move(arriving.refusal) : answer(arriving.request));
  }

  MHD_Result begin(MHD_Connection* connection, const char* path, const char* method, Arriving& arriving) {
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, kIdleSeconds);
    auto& request = arriving.request;
    request.method = method;
    request.path = path;
    request.stopped = [this] { return stopping_.load(); };
    MHD_get_connection_values(connection, MHD_HEADER_KIND, collect, &request);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, collect, &request);
    arriving.refusal = guard_(request, peer_of(connection));
    if (const auto length = request.header("content-length")) {
      std::uint64_t bytes = 0;
      const auto parsed = std::from_chars(length->data(), length->data() + length->size(), bytes);
      if (parsed.ec != std::errc{} || bytes > kMaxDiscarded)
        return send_answer(connection, arriving.refusal ? *std::move(arriving.refusal) : too_large());
    }
    return MHD_YES;
  }

  static HttpResponse too_large() { return error_response(413, "A request's body has 1 MiB at most."); }

  HttpResponse answer(HttpRequest& request) {
    try {
      return handler_(request);
    } catch (const HttpError& error) {
      return error_response(error.status(), error.what());
    } catch (const BadRequest& error) {
      return error_response(400, error.what());
    } catch (const std::exception& error) {
      spdlog::error("{} {} could not be answered: {}", request.method, request.path, error.what());
      return error_response(500, error.what());
    }
  }

  Guard guard_;
  Handler handler_;
  std::optional<transport::UnixListener> unix_;
  transport::FileDescriptor own_listener_;
  int listener_ = -1;  ///< one of these
  std::string url_;
  std::uint16_t port_ = 0;
  unsigned longest_ = 0;
  std::atomic<bool> stopping_ = false;
  MHD_Daemon* daemon_ = nullptr;
};

HttpServer::HttpServer(const std::string& address)
    : implementation_{std::make_unique<Implementation>(address)} {}

HttpServer::HttpServer(transport::FileDescriptor listener)
    : implementation_{std::make_unique<Implementation>(std::move(listener))} {}

HttpServer::~HttpServer() = default;

void HttpServer::start(Guard guard, Handler handler, std::chrono::seconds longest) {
  implementation_->start(std::move(guard), std::move(handler), longest);
}

void HttpServer::stop() { implementation_->stop(); }

const std::string& HttpServer::url() const { return implementation_->url(); }

std::uint16_t HttpServer::port() const { return implementation_->port(); }

}  // namespace fauxkey::control
