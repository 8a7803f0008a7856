// A Unix socket that others connect to by its path.
#pragma once

#include <sys/stat.h>

#include <string>

#include "transport/file_descriptor.h"

namespace fauxkey::transport {

class UnixListener {
 public:
  /// Makes it with mode 0600, in place of one that nobody listens on any more. `type`: SOCK_STREAM or
  /// SOCK_SEQPACKET. Throws std::invalid_argument for a path that cannot be one, std::runtime_error where it
  /// cannot be had; each says in one sentence what to do next.
  UnixListener(const std::string& path, int type);
  /// Removes it, unless someone has put another in its place.
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  /// Non-blocking.
  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  FileDescriptor socket_;
  bool bound_ = false;
  struct stat own_{};
};

}  // namespace fauxkey::transport
