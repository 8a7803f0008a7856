// What a host is told when the store fails; a person finds the store's own sentence in the log and the trace.
#pragma once

#include "fauxkey/credential_store.h"
#include "fauxkey/status.h"

namespace fauxkey {

/// KEY_STORE_FULL for a full disk, OTHER for the rest. Logs the error's sentence.
[[nodiscard]] Refusal refusal_of(StoreError error);

/// The store's result as a command's.
template <class T>
[[nodiscard]] Result<T> checked(StoreResult<T> result) {
  if (!result) return fail(refusal_of(std::move(result.error())));
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return *std::move(result);
}

}  // namespace fauxkey
