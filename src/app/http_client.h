// One HTTP request to another program of this machine, or to a site under test, by libcurl.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/wiping.h"

namespace fauxkey::app {

struct HttpReply {
  long status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< as they came
  WipingString body;
};

struct HttpCall {
  std::string method = "GET";
  std::string url;                   ///< "http://localhost/v1/status"
  std::string socket;                ///< a Unix socket's path; empty: by the URL's host
  std::vector<std::string> headers;  ///< "Content-Type: application/json"
  WipingString body;
  std::chrono::seconds limit{60};
  /// Ends the call, with Failure, within about a second of its holding. May be empty.
  std::function<bool()> stopped{};
  bool tls = false;  ///< https addresses too, for a site that need not be on this machine
};

/// Throws Failure where nobody answers.
[[nodiscard]] HttpReply send(const HttpCall& call);

}  // namespace fauxkey::app
