#include "authenticator/store_status.h"

#include <spdlog/spdlog.h>

namespace fauxkey {

Refusal refusal_of(StoreError error) {
  spdlog::error("{}", error.message);
  return {error.kind == StoreError::Kind::full ? Status::key_store_full : Status::other,
          "the keystore: " + std::move(error.message)};
}

}  // namespace fauxkey
