// The inspector on a port of its own, for as long as somebody looks: a browser cannot open the Unix socket
// where a daemon's control interface usually is.
//
// The port has a token of its own, new each time, so that what stands in a browser's address or on a command
// line opens nothing once the relay has ended; and other users of the machine, who may see both, are not
// served though they have it.
#pragma once

#include <string>

#include "app/running_daemon.h"
#include "control/http_server.h"

namespace fauxkey::app {

class InspectorRelay {
 public:
  /// `daemon`: as find_daemon takes it; looked for at each request, so that one that was started anew is
  /// found. Throws as HttpServer.
  InspectorRelay(const std::string& listen, std::string daemon);
  ~InspectorRelay();
  InspectorRelay(const InspectorRelay&) = delete;
  InspectorRelay& operator=(const InspectorRelay&) = delete;

  /// The page's address. The token is its fragment, which browsers do not send.
  [[nodiscard]] std::string page() const {
    return server_.url() + "/#" + std::string{std::string_view{token_}};
  }

 private:
  [[nodiscard]] std::optional<control::HttpResponse> guard(control::HttpRequest& head,
                                                           const control::Peer& peer) const;
  [[nodiscard]] control::HttpResponse answer(control::HttpRequest& request) const;

  std::string daemon_;
  WipingString token_;
  control::HttpServer server_;
};

}  // namespace fauxkey::app
