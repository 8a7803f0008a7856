// What systemd hands to a service (sd_listen_fds(3)) and wants to know of it (sd_notify(3)).
#pragma once

#include "transport/file_descriptor.h"

namespace fauxkey::app {

/// "READY=1", "STOPPING=1". Without systemd, nothing.
void notify_service_manager(const char* state);

/// The socket that systemd has made for the control interface (fauxkey.socket); none where it made none.
/// Once, and before there are threads. Throws UsageError where there are several.
transport::FileDescriptor socket_of_service_manager();

}  // namespace fauxkey::app
