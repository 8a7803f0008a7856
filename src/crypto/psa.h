// What every call of PSA here needs: its start, its lock, its errors, and keys that end with their scope.
#pragma once

#include <psa/crypto.h>

#include <mutex>

#include "fauxkey/bytes.h"

namespace fauxkey::crypto::psa {

/// Held around each use of PSA. The first one starts PSA. mbedTLS before 3.6 keeps its table of keys
/// unguarded, even where it is built with threads: there this locks one mutex of the process; from 3.6 on it
/// locks none.
[[nodiscard]] std::unique_lock<std::mutex> enter();

/// Throws std::runtime_error for anything but PSA_SUCCESS: here that means no memory or a broken library, as
/// whatever depends on a caller's bytes has been looked at before.
void check(psa_status_t status);

/// A key in PSA's volatile store; destroyed, and wiped by mbedTLS, at the end. Made and ended inside `enter`.
class Key {
 public:
  /// Throws std::runtime_error where PSA refuses the key.
  Key(ByteView key, psa_key_type_t type, psa_key_usage_t usage, psa_algorithm_t algorithm);
  /// Whether PSA takes the key; where not, `id` is that of no key.
  struct MayFail {};
  Key(MayFail, ByteView key, psa_key_type_t type, psa_key_usage_t usage, psa_algorithm_t algorithm);
  ~Key() { psa_destroy_key(id_); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  [[nodiscard]] psa_key_id_t id() const { return id_; }
  [[nodiscard]] bool valid() const { return id_ != PSA_KEY_ID_NULL; }

 private:
  psa_key_id_t id_ = PSA_KEY_ID_NULL;
};

}  // namespace fauxkey::crypto::psa
