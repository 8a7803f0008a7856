// Reports over a Unix socket of type SOCK_SEQPACKET, one 64-byte report a message.
#pragma once

#include <memory>
#include <string>

#include "transport/transport.h"

namespace fauxkey::transport {

/// Clients beyond this many are turned away.
inline constexpr std::size_t kMaxSocketClients = 32;

/// Listens at `path` (mode 0600). Each client sees every report, as the readers of one hidraw node do.
[[nodiscard]] std::unique_ptr<Transport> listen_unix(const std::string& path);

}  // namespace fauxkey::transport
