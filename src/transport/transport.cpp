#include "transport/transport.h"

#include "transport/udp.h"
#include "transport/uhid.h"
#include "transport/unix_socket.h"

namespace fauxkey::transport {

std::unique_ptr<Transport> open_transport(std::string_view spec, const Identity& identity) {
  const std::size_t colon = spec.find(':');
  const std::string_view kind = spec.substr(0, colon);
  const std::string rest{colon == std::string_view::npos ? std::string_view{} : spec.substr(colon + 1)};
  if (spec == "uhid") return open_uhid(identity);
  if (kind == "unix") return listen_unix(rest);
  if (kind == "udp") return bind_udp(rest);
  throw std::invalid_argument{"There is no transport \"" + std::string{spec} +
                              "\": give uhid, unix:PATH or udp:HOST:PORT."};
}

}  // namespace fauxkey::transport
