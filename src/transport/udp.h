// Reports over UDP on this machine, one 64-byte report a datagram.
#pragma once

#include <memory>
#include <string>

#include "transport/transport.h"

namespace fauxkey::transport {

/// Answers go to the peers heard last, this many at most.
inline constexpr std::size_t kMaxDatagramPeers = 16;

/// `host_and_port`: "127.0.0.1:7000", "[::1]:7000", "localhost:0" (any free port; `address` tells which).
/// Only loopback addresses: whoever can send a datagram can use the key.
[[nodiscard]] std::unique_ptr<Transport> bind_udp(const std::string& host_and_port);

}  // namespace fauxkey::transport
