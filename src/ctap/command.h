// What every command is given, and the commands themselves: one file each in commands/.
#pragma once

#include "cbor/cbor.h"
#include "ctap/session.h"
#include "fauxkey/status.h"
#include "fauxkey/virtual_key.h"

namespace fauxkey::ctap {

struct Request {
  Session& session;
  const Exchange& exchange;
  const cbor::Map& parameters;
  /// What the channel's last command left open; whoever goes on with it puts it back.
  Sequence sequence;
};

/// The response map; Null where the command answers with its status alone.
using Response = Result<cbor::Value>;

[[nodiscard]] Response make_credential(Request& request);
[[nodiscard]] Response get_assertion(Request& request);
[[nodiscard]] Response get_next_assertion(Request& request);
[[nodiscard]] Response get_info(Request& request);
[[nodiscard]] Response client_pin(Request& request);
[[nodiscard]] Response reset(Request& request);
[[nodiscard]] Response credential_management(Request& request);
[[nodiscard]] Response selection(Request& request);
[[nodiscard]] Response bio_enrollment(Request& request);
[[nodiscard]] Response large_blobs(Request& request);
[[nodiscard]] Response authenticator_config(Request& request);

}  // namespace fauxkey::ctap
