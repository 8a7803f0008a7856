// Asks for a passphrase by pinentry.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "fauxkey/credential_store.h"
#include "fauxkey/secret.h"

namespace fauxkey::keystore {

/// What a dialog says.
struct PinentryTexts {
  std::string description;
  std::string prompt;
  std::string error;  ///< empty: nothing went wrong before
};

/// One passphrase of at most `longest` bytes; nothing where there is no pinentry to be had. The program is
/// the one that $FAUXKEY_PINENTRY names, or else `pinentry` in $PATH.
[[nodiscard]] std::optional<StoreResult<SecretBytes>> ask_pinentry(const PinentryTexts& texts,
                                                                   std::size_t longest);

}  // namespace fauxkey::keystore
