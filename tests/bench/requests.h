// The CTAP requests that are measured, as bytes.
#pragma once

#include "fauxkey/bytes.h"

namespace fauxkey::bench {

[[nodiscard]] Bytes get_info();
[[nodiscard]] Bytes make_credential(bool discoverable);
/// For the credential `id`, or for the discoverable ones where it is empty.
[[nodiscard]] Bytes get_assertion(ByteView id);
/// Out of makeCredential's answer; empty where that is none.
[[nodiscard]] Bytes credential_id_of(ByteView answer);

}  // namespace fauxkey::bench
