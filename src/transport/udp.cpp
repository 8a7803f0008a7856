#include "transport/udp.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "transport/file_descriptor.h"

namespace fauxkey::transport {
namespace {

struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  [[nodiscard]] sockaddr* generic() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* generic() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] bool operator==(const Endpoint& other) const {
    return size == other.size && std::memcmp(&storage, &other.storage, size) == 0;
  }
};

struct HostAndPort {
  std::string host;
  std::string port;
};

HostAndPort split(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  HostAndPort parts;
  if (colon != std::string::npos) {
    parts = {.host = text.substr(0, colon), .port = text.substr(colon + 1)};
    if (parts.host.size() > 2 && parts.host.front() == '[' && parts.host.back() == ']') {
      parts.host = parts.host.substr(1, parts.host.size() - 2);
    }
  }
  if (parts.host.empty() || parts.port.empty()) {
    throw std::invalid_argument{"The transport udp: needs a host and a port, as in udp:127.0.0.1:7000."};
  }
  return parts;
}

bool is_loopback(const Endpoint& endpoint) {
  if (endpoint.storage.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(endpoint.storage);
    return IN6_IS_ADDR_LOOPBACK(&address.sin6_addr);
  }
  const auto& address = reinterpret_cast<const sockaddr_in&>(endpoint.storage);
  return (ntohl(address.sin_addr.s_addr) >> 24U) == 127;
}

Endpoint resolve(const std::string& text) {
  const HostAndPort parts = split(text);
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(parts.host.c_str(), parts.port.c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{found, &::freeaddrinfo};
  if (error != 0 || found == nullptr) {
    throw std::invalid_argument{"udp:" + text + " names no address (" + ::gai_strerror(error) +
                                "): give one as in udp:127.0.0.1:7000."};
  }
  Endpoint endpoint;
  endpoint.size = found->ai_addrlen;
  std::memcpy(&endpoint.storage, found->ai_addr, found->ai_addrlen);
  if (!is_loopback(endpoint)) {
    throw std::invalid_argument{"udp:" + text +
                                " would let other machines use the key: give a loopback address, as in "
                                "udp:127.0.0.1:7000."};
  }
  return endpoint;
}

std::string text_of(const Endpoint& endpoint) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  ::getnameinfo(endpoint.generic(), endpoint.size, host.data(), host.size(), port.data(), port.size(),
                NI_NUMERICHOST | NI_NUMERICSERV);
  const std::string name = host.data();
  return (name.find(':') == std::string::npos ? name : "[" + name + "]") + ":" + port.data();
}

class Udp final : public Transport {
 public:
  explicit Udp(const std::string& host_and_port) {
    Endpoint own = resolve(host_and_port);
    socket_ = FileDescriptor{::socket(own.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket_ || ::bind(socket_.get(), own.generic(), own.size) != 0 ||
        ::getsockname(socket_.get(), own.generic(), &own.size) != 0) {
      throw std::runtime_error{"udp:" + host_and_port + " cannot be bound (" + std::strerror(errno) +
                               "): choose another port."};
    }
    address_ = "udp:" + text_of(own);
  }

  [[nodiscard]] int fd() const override { return socket_.get(); }
  [[nodiscard]] Pacing pacing() const override { return {}; }
  [[nodiscard]] std::string address() const override { return address_; }

  [[nodiscard]] std::optional<Report> read() override {
    for (;;) {
      Report report{};
      Endpoint peer;
      const ssize_t size = ::recvfrom(socket_.get(), report.data(), report.size(), MSG_DONTWAIT | MSG_TRUNC,
                                      peer.generic(), &peer.size);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return std::nullopt;
      if (size != static_cast<ssize_t>(report.size())) continue;
      remember(peer);
      return report;
    }
  }

  void write(const Report& report) override {
    for (const Endpoint& peer : peers_) {
      // A peer that is not there or does not read loses the report.
      (void)::sendto(socket_.get(), report.data(), report.size(), MSG_DONTWAIT | MSG_NOSIGNAL, peer.generic(),
                     peer.size);
    }
  }

 private:
  /// The peer heard last is the first; the one not heard for longest makes room.
  void remember(const Endpoint& peer) {
    const auto known = std::find(peers_.begin(), peers_.end(), peer);
    if (known != peers_.end()) {
      std::rotate(peers_.begin(), known, known + 1);
      return;
    }
    if (peers_.size() == kMaxDatagramPeers) peers_.pop_back();
    peers_.insert(peers_.begin(), peer);
  }

  FileDescriptor socket_;
  std::string address_;
  std::vector<Endpoint> peers_;
};

}  // namespace

std::unique_ptr<Transport> bind_udp(const std::string& host_and_port) {
  return std::make_unique<Udp>(host_and_port);
}

}  // namespace fauxkey::transport
