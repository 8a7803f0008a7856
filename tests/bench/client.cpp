#include "client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace fauxkey::bench {
namespace {

using std::chrono::milliseconds;
constexpr std::string_view kUnix = "unix:";

int open_address(const std::string& address) {
  if (address.rfind(kUnix, 0) != 0) return ::open(address.c_str(), O_RDWR | O_CLOEXEC);
  const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  const std::string path = address.substr(kUnix.size());
  std::copy_n(path.begin(), std::min(path.size(), sizeof target.sun_path - 1), target.sun_path);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof target) == 0) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

Wire::Wire(const std::string& address) : hidraw_{address.rfind(kUnix, 0) != 0}, fd_{open_address(address)} {
  if (!fd_) throw std::runtime_error{address + " cannot be opened: " + std::strerror(errno)};
}

void Wire::write(const Report& report) const {
  std::array<std::uint8_t, 1 + transport::kReportSize> numbered{};  // hidraw wants the report number 0 first
  std::copy(report.begin(), report.end(), numbered.begin() + 1);
  const ByteView bytes = hidraw_ ? ByteView{numbered} : ByteView{numbered}.subspan(1);
  if (::write(fd_.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    throw std::runtime_error{std::string{"a report could not be written: "} + std::strerror(errno)};
  }
}

std::optional<Report> Wire::read(milliseconds limit) const {
  pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, static_cast<int>(limit.count())) != 1) return std::nullopt;
  Report report{};
  if (::read(fd_.get(), report.data(), report.size()) != static_cast<ssize_t>(report.size())) {
    throw std::runtime_error{"the device has gone"};
  }
  return report;
}

Client::Client(const std::string& address) : wire_{address}, channel_{init(ctaphid::kBroadcastChannel)} {}

std::uint32_t Client::init(std::uint32_t channel) {
  static std::uint8_t count = 0;
  const Bytes nonce(8, ++count);
  wire_.write(ctaphid::make_packet(channel, Command::init, nonce, 0));
  while (const auto report = wire_.read(milliseconds{2000})) {
    const ByteView payload = ctaphid::initial_payload_of(*report);
    if (ctaphid::channel_of(*report) != channel || !ctaphid::is_initial(*report) ||
        ctaphid::command_of(*report) != Command::init || payload.size() != 17 ||
        !std::equal(nonce.begin(), nonce.end(), payload.begin())) {
      continue;
    }
    return std::uint32_t{payload[8]} << 24U | std::uint32_t{payload[9]} << 16U |
           std::uint32_t{payload[10]} << 8U | std::uint32_t{payload[11]};
  }
  throw std::runtime_error{"the device does not answer CTAPHID_INIT"};
}

void Client::resynchronize() {
  while (wire_.read(milliseconds{50})) {
  }
  init(channel_);
}

Reply Client::transact(Command command, ByteView request, milliseconds limit) {
  const std::size_t packets = ctaphid::packet_count(request.size());
  for (std::size_t i = 0; i < packets; ++i) wire_.write(ctaphid::make_packet(channel_, command, request, i));

  Reply reply;
  std::size_t size = 0;
  std::uint8_t sequence = 0;
  while (const auto report = wire_.read(reply.outcome == Outcome::silent ? limit : milliseconds{500})) {
    if (ctaphid::channel_of(*report) != channel_) continue;
    if (ctaphid::is_initial(*report)) {
      if (ctaphid::command_of(*report) == Command::keepalive) continue;
      if (ctaphid::command_of(*report) != command) return {.outcome = Outcome::refused, .payload = {}};
      reply.outcome = Outcome::incomplete;
      size = ctaphid::message_size_of(*report);
      append(reply.payload, ctaphid::initial_payload_of(*report));
    } else {
      if (ctaphid::sequence_of(*report) != sequence++) return reply;
      const auto part = ctaphid::continuation_payload_of(*report);
      append(reply.payload, part.first(std::min(part.size(), size - reply.payload.size())));
    }
    if (reply.payload.size() == size) {
      reply.outcome = Outcome::answered;
      return reply;
    }
  }
  return reply;
}

std::size_t echo_round(const Wire& wire, std::size_t size, std::size_t window) {
  const Bytes message(size, 0x5A);
  const std::size_t packets = ctaphid::packet_count(size);
  std::size_t returned = 0;
  for (std::size_t sent = 0; sent < packets; ++sent) {
    while (window > 0 && sent - returned >= window) {
      if (!wire.read(milliseconds{500})) return returned;
      ++returned;
    }
    wire.write(ctaphid::make_packet(1, Command::ping, message, sent));
  }
  while (returned < packets && wire.read(milliseconds{100})) ++returned;
  return returned;
}

}  // namespace fauxkey::bench
