// What tells this key apart from others to a platform that its user has trusted: the persistent
// pinUvAuthToken (CTAP 2.3, 6.5.3.2) and the values that getInfo encrypts by it (6.4, encIdentifier and
// encCredStoreState).
#pragma once

#include "fauxkey/credential_store.h"
#include "fauxkey/random.h"
#include "fauxkey/status.h"

namespace fauxkey {

class Identity {
 public:
  /// Makes one where the store has none. Throws std::runtime_error where the store's record cannot be used.
  Identity(CredentialStore& store, Random& random);

  [[nodiscard]] const Secret<32>& persistent_token() const { return token_; }
  /// The platforms that had the old one are strangers again.
  [[nodiscard]] Result<void> revoke_persistent_token();
  /// A new device, after a reset.
  [[nodiscard]] Result<void> renew();

  /// IV and AES-128-CBC of the device identifier, by a key of the persistent token; another IV each time.
  [[nodiscard]] Bytes encrypted_identifier() const;
  /// The same of a value that changes whenever the discoverable credentials do.
  [[nodiscard]] Result<Bytes> encrypted_store_state() const;

 private:
  using Identifier = Secret<16>;
  [[nodiscard]] Result<void> keep(Secret<32> token, Identifier identifier);
  [[nodiscard]] Bytes encrypt(const char* purpose, ByteView value) const;

  CredentialStore& store_;
  Random& random_;
  Secret<32> token_;
  Identifier identifier_;
};

}  // namespace fauxkey
