#include "authenticator/store_status.h"

#include <spdlog/spdlog.h>

namespace fauxkey {

Status status_of(const StoreError& error) {
  spdlog::error("{}", error.message);
  return error.kind == StoreError::Kind::full ? Status::key_store_full : Status::other;
}

}  // namespace fauxkey
