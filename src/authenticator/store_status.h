// What a host is told when the store fails; a person finds the store's own sentence in the log.
#pragma once

#include "fauxkey/credential_store.h"
#include "fauxkey/status.h"

namespace fauxkey {

/// KEY_STORE_FULL for a full disk, OTHER for the rest. Logs the error's sentence.
[[nodiscard]] Status status_of(const StoreError& error);

/// The store's result as a command's.
template <class T>
[[nodiscard]] Result<T> checked(StoreResult<T> result) {
  if (!result) return fail(status_of(result.error()));
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return *std::move(result);
}

}  // namespace fauxkey
