// authenticatorSelection, 0x0B (CTAP 2.3, 6.9): a touch tells which of several keys is meant.
#include "ctap/command.h"

namespace fauxkey::ctap {

Response selection(Request& call) {
  const auto touched = call.session.key.confirm_presence({Operation::selection, {}, {}}, call.exchange);
  if (!touched) return fail(touched.error());
  return cbor::Value{};
}

}  // namespace fauxkey::ctap
