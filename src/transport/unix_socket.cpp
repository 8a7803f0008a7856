#include "transport/unix_socket.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>
#include <vector>

#include "transport/file_descriptor.h"
#include "transport/unix_listener.h"

namespace fauxkey::transport {
namespace {

class UnixSocket final : public Transport {
 public:
  explicit UnixSocket(const std::string& path)
      : listener_{path, SOCK_SEQPACKET},
        epoll_{::epoll_create1(EPOLL_CLOEXEC)},
        reserve_{::open("/dev/null", O_RDONLY | O_CLOEXEC)} {
    if (!epoll_ || !watch(listener_.fd())) throw std::system_error{errno, std::generic_category(), "epoll"};
  }
  UnixSocket(const UnixSocket&) = delete;
  UnixSocket& operator=(const UnixSocket&) = delete;

  [[nodiscard]] int fd() const override { return epoll_.get(); }
  [[nodiscard]] Pacing pacing() const override { return {}; }
  [[nodiscard]] std::string address() const override { return "unix:" + listener_.path(); }

  [[nodiscard]] std::optional<Report> read() override {
    for (;;) {
      if (ready_.empty() && !look_for_ready()) return std::nullopt;
      const epoll_event event = ready_.back();
      ready_.pop_back();
      if (event.data.fd == listener_.fd()) {
        accept_client();
      } else if (auto report = receive(event)) {
        return report;
      }
    }
  }

  void write(const Report& report) override {
    std::vector<int> gone;
    for (const FileDescriptor& client : clients_) {
      const ssize_t sent = ::send(client.get(), report.data(), report.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) gone.push_back(client.get());
    }
    for (const int client : gone) drop(client);
  }

 private:
  bool watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP;
    event.data.fd = fd;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  }

  bool look_for_ready() {
    std::array<epoll_event, 16> events{};
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (const epoll_event& event : std::span{events}.first(static_cast<std::size_t>(std::max(count, 0)))) {
      ready_.push_back(event);
    }
    return count > 0;
  }

  void accept_client() {
    FileDescriptor client{::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!client && (errno == EMFILE || errno == ENFILE)) {
      // Out of descriptors, the connection would stay in the queue and keep the listener ready for ever.
      reserve_.reset();
      client = FileDescriptor{::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC)};
      client.reset();
      reserve_ = FileDescriptor{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    }
    if (client && clients_.size() < kMaxSocketClients && watch(client.get()))
      clients_.push_back(std::move(client));
  }

  /// One message of a client; nothing where it is no report, or the client has gone.
  std::optional<Report> receive(const epoll_event& event) {
    Report report{};
    const int client = event.data.fd;
    const ssize_t size = ::recv(client, report.data(), report.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (size == static_cast<ssize_t>(report.size())) return report;
    // An empty message reads as 0, as the end does; only the end comes with a hang-up.
    const bool ended = size == 0 && (event.events & (EPOLLRDHUP | EPOLLHUP)) != 0;
    const bool failed = size < 0 && errno != EAGAIN && errno != EINTR;
    if (ended || failed) drop(client);
    return std::nullopt;
  }

  void drop(int client) {
    std::erase_if(ready_, [client](const epoll_event& event) { return event.data.fd == client; });
    std::erase_if(clients_, [client](const FileDescriptor& one) { return one.get() == client; });
  }

  UnixListener listener_;
  FileDescriptor epoll_;
  FileDescriptor reserve_;
  std::vector<FileDescriptor> clients_;
  std::vector<epoll_event> ready_;
};

}  // namespace

std::unique_ptr<Transport> listen_unix(const std::string& path) { return std::make_unique<UnixSocket>(path); }

}  // namespace fauxkey::transport
