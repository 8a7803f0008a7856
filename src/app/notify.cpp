#include "app/notify.h"

#ifdef FAUXKEY_HAS_SYSTEMD
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>
#endif

#include <cstring>

#include "app/error.h"

namespace fauxkey::app {

void notify_service_manager([[maybe_unused]] const char* state) {
#ifdef FAUXKEY_HAS_SYSTEMD
  if (const int result = sd_notify(0, state); result < 0)
    spdlog::warn("systemd could not be told {} ({}).", state, std::strerror(-result));
#endif
}

transport::FileDescriptor socket_of_service_manager() {
#ifdef FAUXKEY_HAS_SYSTEMD
  // What it leaves in the environment is not for programs that we start.
  const int sockets = sd_listen_fds(1);
  if (sockets < 0) spdlog::warn("The sockets that systemd made cannot be had ({}).", std::strerror(-sockets));
  if (sockets > 1)
    throw UsageError{"systemd hands over " + std::to_string(sockets) +
                     " sockets: let fauxkey.socket have one ListenStream=."};
  if (sockets == 1) return transport::FileDescriptor{SD_LISTEN_FDS_START};
#endif
  return {};
}

}  // namespace fauxkey::app
