// Where the control interface of this user's daemon is.
#pragma once

#include <string>

#include "app/http_client.h"

namespace fauxkey::app {

struct DaemonAddress {
  std::string socket;  ///< a Unix socket's path; empty: it is on a port
  std::string url = "http://localhost";
  std::string token;  ///< for a port
};

/// `address`: "unix:PATH" or "127.0.0.1:PORT", as `fauxkey run --control` takes it; empty: the default socket
/// where somebody listens there, else where the daemon that was started last says that it is (control.address
/// in the runtime folder). Throws Failure where there is none.
[[nodiscard]] DaemonAddress find_daemon(const std::string& address);
/// A request to `target` ("/v1/status") there.
[[nodiscard]] HttpCall call_to(const DaemonAddress& daemon, const std::string& method,
                               const std::string& target);

}  // namespace fauxkey::app
