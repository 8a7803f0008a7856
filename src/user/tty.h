// The terminal that the daemon was started from.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "base/file_descriptor.h"

namespace fauxkey::user {

[[nodiscard]] inline FileDescriptor open_terminal() {
  return FileDescriptor{::open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
}

/// Whether what is typed there is for us: a job in the background is not to read it.
[[nodiscard]] inline bool in_foreground(int terminal) { return ::tcgetpgrp(terminal) == ::getpgrp(); }

/// A job in the background that touches its terminal's modes is stopped by these, and the key with it.
class JobControlSignalsBlocked {
 public:
  JobControlSignalsBlocked() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTTIN);
    sigaddset(&signals, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~JobControlSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  JobControlSignalsBlocked(const JobControlSignalsBlocked&) = delete;
  JobControlSignalsBlocked& operator=(const JobControlSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace fauxkey::user
