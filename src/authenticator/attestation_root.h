// See fauxkey/attestation_root.h; and what only the authenticator needs.
#pragma once

#include "crypto/p256.h"
#include "fauxkey/attestation_root.h"

namespace fauxkey {

/// Another that looks alike: the same name and dates, a key of its own.
[[nodiscard]] AttestationRoot make_impostor_of(const AttestationRoot& root, Random& random);

/// When certificates begin that are made now, in seconds since 1970: a day back, for verifiers whose clock is
/// a little behind, but not before 2020, for a machine whose clock was never set.
[[nodiscard]] std::int64_t attestation_begin(const Clock& clock);

}  // namespace fauxkey
