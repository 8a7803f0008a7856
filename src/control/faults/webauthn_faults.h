// Faults of what registrations and assertions say: see the table of actions.
#pragma once

#include "control/faults/action.h"

namespace fauxkey::control::faults {

[[nodiscard]] bool bogus_signature(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool malformed_signature(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool signature_over_other_data(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool rp_id_hash(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool flag(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool counter_equal(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool counter_back(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool counter_wrapped(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool counter_value(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool aaguid(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool attestation(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool public_key_algorithm(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool credential_id_too_long(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool credential_id_empty(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool credential_id_of_another(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool user_handle_of_another(SignedAnswer& answer, const Arguments& arguments);
[[nodiscard]] bool user_handle_missing(SignedAnswer& answer, const Arguments& arguments);

}  // namespace fauxkey::control::faults
