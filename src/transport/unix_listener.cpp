#include "transport/unix_listener.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace fauxkey::transport {
namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty()) {
    throw std::invalid_argument{"The address unix: needs a path, as in unix:/run/user/1000/key.sock."};
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
void remove_stale_socket(const std::string& path, const sockaddr_un& address, int type) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) return;
  if (!S_ISSOCK(found.st_mode)) {
    throw std::runtime_error{path + " exists and is no socket: remove it or choose another path."};
  }
  const FileDescriptor probe{::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!probe) throw_for(path, errno);
  const int result = ::connect(probe.get(), generic(address), sizeof address);
  // Only a socket that nobody listens on refuses; EPROTOTYPE is a listener of another type, EAGAIN a busy
  // one.
  if (result == 0 || errno != ECONNREFUSED) {
    throw std::runtime_error{"Another program listens on " + path + ": end it or choose another path."};
  }
  ::unlink(path.c_str());
}

}  // namespace

UnixListener::UnixListener(const std::string& path, int type)
    : path_{path}, socket_{::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)} {
  const sockaddr_un address = address_of(path);
  if (!socket_) throw_for(path, errno);
  remove_stale_socket(path, address, type);
  // Set on the socket before it has a name, so there is no moment at which others may connect.
  if (::fchmod(socket_.get(), S_IRUSR | S_IWUSR) != 0 ||
      ::bind(socket_.get(), generic(address), sizeof address) != 0) {
    throw_for(path, errno);
  }
  bound_ = ::lstat(path.c_str(), &own_) == 0;
  if (::listen(socket_.get(), SOMAXCONN) != 0) throw_for(path, errno);
}

UnixListener::~UnixListener() {
  struct stat now{};
  // Someone may have put another one in its place meanwhile.
  if (bound_ && ::lstat(path_.c_str(), &now) == 0 && now.st_ino == own_.st_ino && now.st_dev == own_.st_dev)
    ::unlink(path_.c_str());
}

}  // namespace fauxkey::transport
