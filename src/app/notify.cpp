#include "app/notify.h"

#ifdef FAUXKEY_HAS_SYSTEMD
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>
#endif

#include <cstring>

namespace fauxkey::app {

void notify_service_manager([[maybe_unused]] const char* state) {
#ifdef FAUXKEY_HAS_SYSTEMD
  if (const int result = sd_notify(0, state); result < 0)
    spdlog::warn("systemd could not be told {} ({}).", state, std::strerror(-result));
#endif
}

}  // namespace fauxkey::app
