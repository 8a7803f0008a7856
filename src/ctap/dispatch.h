// The one table of CTAP2 commands: bytes of a request to a command, its result to bytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "ctap/session.h"
#include "fauxkey/bytes.h"

namespace fauxkey::ctap {

/// A command byte and its parameters in, a status byte and its response out.
[[nodiscard]] Bytes process(Session& session, ByteView message, const Exchange& exchange);

/// "makeCredential" and so on; empty for unknown bytes.
[[nodiscard]] std::string_view command_name(std::uint8_t command);

}  // namespace fauxkey::ctap
