// authenticatorReset, 0x07 (CTAP 2.3, 6.6).
#include "ctap/command.h"

namespace fauxkey::ctap {

Response reset(Request& call) {
  auto& key = call.session.key;
  if (const auto since = key.time_since_power_up(); since > Authenticator::kResetWindow) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(since).count();
    return fail(Status::not_allowed, "6.6: the ten seconds after power-up for a reset are over (" +
                                         std::to_string(seconds) + " s)");
  }
  const auto operation =
      key.settings().long_touch_for_reset ? Operation::reset_by_long_touch : Operation::reset;
  const auto touched = key.confirm_presence({operation, {}, {}}, call.exchange);
  if (!touched) return fail(touched.error());
  if (const auto erased = key.reset(); !erased) return fail(erased.error());
  call.session.forget_platforms("the pinUvAuthToken ended with a reset");
  return cbor::Value{};
}

}  // namespace fauxkey::ctap
