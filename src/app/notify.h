// Telling systemd how the service is, where it wants to know (sd_notify(3)).
#pragma once

namespace fauxkey::app {

/// "READY=1", "STOPPING=1". Without systemd, nothing.
void notify_service_manager(const char* state);

}  // namespace fauxkey::app
