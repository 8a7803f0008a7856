// One assertion: getAssertion and getNextAssertion answer with the same (CTAP 2.3, 6.2.2, steps 10 to 13).
#pragma once

#include "cbor/cbor.h"
#include "ctap/session.h"

namespace fauxkey::ctap {

/// The response map of an assertion by `credential` under the terms of `terms`. `number_of_credentials`: of
/// the whole sequence, in its first answer; 0 leaves the member out. `with_names`: whether the answer tells
/// the user's names.
[[nodiscard]] Result<cbor::Map> make_assertion(Session& session, const Credential& credential,
                                               const PendingAssertions& terms,
                                               std::size_t number_of_credentials, bool with_names);

}  // namespace fauxkey::ctap
