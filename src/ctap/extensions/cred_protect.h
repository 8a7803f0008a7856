// The credProtect extension (CTAP 2.3, 12.1): which credentials show themselves to whom.
#pragma once

#include "ctap/reader.h"
#include "fauxkey/credential.h"

namespace fauxkey::ctap {

inline constexpr const char* kCredProtect = "credProtect";

/// makeCredential's input; absent where it is not asked for. INVALID_PARAMETER for a level that there is not.
[[nodiscard]] std::optional<CredProtect> read_cred_protect(Reader& extensions);

/// Whether a request may use the credential. `named`: the request's list names it by its id.
[[nodiscard]] bool is_visible(const Credential& credential, bool user_verified, bool named);

}  // namespace fauxkey::ctap
