#include "transport/unix_socket.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <vector>

#include "transport/file_descriptor.h"

namespace fauxkey::transport {
namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty()) {
    throw std::invalid_argument{"The transport unix: needs a path, as in unix:/run/user/1000/key.sock."};
  }
  if (path.size() >= sizeof address.sun_path) {
    throw std::invalid_argument{"The socket path " + path + " is too long: give one of at most " +
                                std::to_string(sizeof address.sun_path - 1) + " bytes."};
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

[[noreturn]] void throw_for(const std::string& path, int error) {
  throw std::runtime_error{"The socket " + path + " cannot be made (" + std::strerror(error) +
                           "): choose another path."};
}

/// Removes what an ended process has left at `path`; refuses whatever else is there.
void remove_stale_socket(const std::string& path, const sockaddr_un& address) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) return;
  if (!S_ISSOCK(found.st_mode)) {
    throw std::runtime_error{path + " exists and is no socket: remove it or choose another path."};
  }
  const FileDescriptor probe{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!probe) throw_for(path, errno);
  const int result = ::connect(probe.get(), generic(address), sizeof address);
  // Only a socket that nobody listens on refuses; EPROTOTYPE is a listener of another type, EAGAIN a busy
  // one.
  if (result == 0 || errno != ECONNREFUSED) {
    throw std::runtime_error{"Another program listens on " + path + ": end it or choose another path."};
  }
  ::unlink(path.c_str());
}

class UnixSocket final : public Transport {
 public:
  explicit UnixSocket(const std::string& path)
      : path_{path},
        listener_{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)},
        epoll_{::epoll_create1(EPOLL_CLOEXEC)},
        reserve_{::open("/dev/null", O_RDONLY | O_CLOEXEC)} {
    const sockaddr_un address = address_of(path);
    if (!listener_ || !epoll_) throw_for(path, errno);
    remove_stale_socket(path, address);
    // Set on the socket before it has a name, so there is no moment at which others may connect.
    if (::fchmod(listener_.get(), S_IRUSR | S_IWUSR) != 0 ||
        ::bind(listener_.get(), generic(address), sizeof address) != 0) {
      throw_for(path, errno);
    }
    bound_ = ::lstat(path.c_str(), &own_) == 0;
    if (::listen(listener_.get(), SOMAXCONN) != 0 || !watch(listener_.get())) throw_for(path, errno);
  }
  ~UnixSocket() override {
    struct stat now{};
    // Someone may have put another one in its place meanwhile.
    if (bound_ && ::lstat(path_.c_str(), &now) == 0 && now.st_ino == own_.st_ino &&
        now.st_dev == own_.st_dev) {
      ::unlink(path_.c_str());
    }
  }
  UnixSocket(const UnixSocket&) = delete;
  UnixSocket& operator=(const UnixSocket&) = delete;

  [[nodiscard]] int fd() const override { return epoll_.get(); }
  [[nodiscard]] Pacing pacing() const override { return {}; }
  [[nodiscard]] std::string address() const override { return "unix:" + path_; }

  [[nodiscard]] std::optional<Report> read() override {
    for (;;) {
      if (ready_.empty() && !look_for_ready()) return std::nullopt;
      const epoll_event event = ready_.back();
      ready_.pop_back();
      if (event.data.fd == listener_.get()) {
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
    FileDescriptor client{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!client && (errno == EMFILE || errno == ENFILE)) {
      // Out of descriptors, the connection would stay in the queue and keep the listener ready for ever.
      reserve_.reset();
      client = FileDescriptor{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
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

  std::string path_;
  FileDescriptor listener_;
  FileDescriptor epoll_;
  FileDescriptor reserve_;
  std::vector<FileDescriptor> clients_;
  std::vector<epoll_event> ready_;
  struct stat own_{};
  bool bound_ = false;
};

}  // namespace

std::unique_ptr<Transport> listen_unix(const std::string& path) { return std::make_unique<UnixSocket>(path); }

}  // namespace fauxkey::transport
