#include "transport/host_link.h"

#include <fcntl.h>
#include <linux/hidraw.h>
#include <netdb.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace fauxkey::transport {
namespace {

constexpr std::string_view kUnix = "unix:", kUdp = "udp:";

/// uhid makes no writer wait, and the kernel keeps 32 reports for the key: longer messages go no faster than
/// USB would take them.
constexpr std::size_t kAtOnce = 16;
constexpr std::chrono::milliseconds kReportInterval{1};

std::runtime_error failure(const std::string& address, const std::string& what) {
  return std::runtime_error{"There is no key at " + address + " (" + what +
                            "): give the address that fauxkey run prints after \"ready:\"."};
}

FileDescriptor connect_unix(const std::string& address) {
  const std::string path = address.substr(kUnix.size());
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path)
    throw failure(address, "the path is empty or too long");
  std::ranges::copy(path, name.sun_path);
  FileDescriptor socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
  if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
    throw failure(address, std::strerror(errno));
  return socket;
}

FileDescriptor connect_udp(const std::string& address) {
  std::string host = address.substr(kUdp.size());
  const auto colon = host.rfind(':');
  if (colon == std::string::npos) throw failure(address, "it has no port");
  const std::string port = host.substr(colon + 1);
  host.resize(colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0)
    throw failure(address, ::gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list{found, ::freeaddrinfo};
  FileDescriptor socket{::socket(list->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket || ::connect(socket.get(), list->ai_addr, list->ai_addrlen) != 0)
    throw failure(address, std::strerror(errno));
  return socket;
}

/// By its report descriptor, whose usage page is FIDO's (CTAP 2.3, 11.2.8.2): nothing else is sent what keys
/// understand, a keyboard's node least of all.
bool is_fido_device(int node) {
  constexpr std::array<std::uint8_t, 3> kFidoUsagePage{0x06, 0xD0, 0xF1};
  hidraw_report_descriptor descriptor{};
  if (::ioctl(node, HIDIOCGRDESCSIZE, &descriptor.size) != 0 || ::ioctl(node, HIDIOCGRDESC, &descriptor) != 0)
    return false;
  const std::span items{descriptor.value, std::min<std::size_t>(descriptor.size, sizeof descriptor.value)};
  return !std::ranges::search(items, kFidoUsagePage).empty();
}

FileDescriptor open_hidraw(const std::string& address) {
  FileDescriptor node{::open(address.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
  if (!node) throw failure(address, std::strerror(errno));
  if (!is_fido_device(node.get())) throw failure(address, "it is no FIDO device");
  return node;
}

}  // namespace

HostLink::HostLink(const std::string& address) : address_{address} {
  if (address.starts_with(kUnix)) {
    fd_ = connect_unix(address);
  } else if (address.starts_with(kUdp)) {
    fd_ = connect_udp(address);
  } else if (address.starts_with("/dev/")) {
    fd_ = open_hidraw(address);
    hidraw_ = true;
  } else {
    throw failure(address, "it is none of /dev/hidrawN, unix:PATH and udp:HOST:PORT");
  }
}

void HostLink::write(const Report& report) {
  if (hidraw_ && ++in_a_row_ > kAtOnce) std::this_thread::sleep_for(kReportInterval);
  std::array<std::uint8_t, kReportSize + 1> numbered{};  // hidraw wants the report's number first: 0
  std::ranges::copy(report, numbered.begin() + 1);
  const auto size = hidraw_ ? ::write(fd_.get(), numbered.data(), numbered.size())
                            : ::send(fd_.get(), report.data(), report.size(), MSG_NOSIGNAL);
  if (size < 0) throw failure(address_, std::strerror(errno));
}

std::optional<Report> HostLink::read(std::chrono::milliseconds limit) {
  in_a_row_ = 0;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return std::nullopt;
    Report report{};
    const auto size = ::read(fd_.get(), report.data(), report.size());
    if (size == static_cast<ssize_t>(report.size())) return report;
    if (size == 0) throw failure(address_, "it closed the connection");
    if (size < 0 && errno != EINTR && errno != EAGAIN) throw failure(address_, std::strerror(errno));
  }
}

}  // namespace fauxkey::transport
