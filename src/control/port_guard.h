// Who is let in at a port of this machine: whoever has the token, and no foreign web page.
//
// What a browser sends for a foreign page (another Host, after DNS rebinding; an Origin) is refused before
// anything else is looked at. The inspector's own files hold no secret and come without a token, so that it
// need not stand in their addresses.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "control/http.h"

namespace fauxkey::control {

/// Nothing for a request that may pass; `/t/TOKEN` is taken off its path. `where_the_token_is`: as a 401's
/// sentence ends.
[[nodiscard]] std::optional<HttpResponse> check_port_request(HttpRequest& head, std::uint16_t port,
                                                             std::string_view token,
                                                             std::string_view where_the_token_is);

}  // namespace fauxkey::control
