// What the process sets up for itself before it does anything else.
#pragma once

#include <csignal>

namespace fauxkey::app {

/// Nobody reads this process's memory: no core dumps, no debugger of the same user (prctl(2),
/// PR_SET_DUMPABLE).
void protect_memory();

/// As many open files as this process may have at most: each connection and each device takes some.
void raise_file_limit();

/// Messages to stderr, from "info" on; each `verbosity` above 0 shows more, below 0 less.
void set_up_log(int verbosity);

/// The signals that end the daemon: SIGINT, SIGTERM and, unless it is ignored (nohup), SIGHUP. While this
/// lives they wait to be taken, in every thread that is started meanwhile. SIGPIPE is ignored for good.
class EndSignals {
 public:
  EndSignals();
  ~EndSignals();
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;

  /// Blocks until one comes and returns its name. From then on a second SIGINT ends the process at once.
  [[nodiscard]] const char* wait() const;

 private:
  sigset_t signals_{};
  sigset_t before_{};
};

}  // namespace fauxkey::app
