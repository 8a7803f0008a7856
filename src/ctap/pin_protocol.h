// PIN/UV auth protocols one and two (CTAP 2.3, 6.5.4 to 6.5.7): key agreement, encryption and authentication
// between a platform and the key, and each protocol's pinUvAuthToken.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "cbor/cbor.h"
#include "crypto/p256.h"
#include "fauxkey/random.h"
#include "fauxkey/status.h"

namespace fauxkey::ctap {

/// What both sides derive: protocol one uses 32 bytes for all, two has 32 for HMAC and then 32 for AES.
using SharedSecret = SecretBytes;

class PinProtocol {
 public:
  enum class Version : std::uint8_t { one = 1, two = 2 };

  PinProtocol(Version version, Random& random);

  [[nodiscard]] Version version() const { return version_; }
  /// A new key agreement key pair (6.5.4, "regenerate").
  void regenerate();
  /// A new pinUvAuthToken (6.5.4, "resetPinUvAuthToken").
  void reset_token();
  /// The public key agreement key as COSE_Key (6.5.4, "getPublicKey").
  [[nodiscard]] cbor::Value public_key() const;
  /// INVALID_PARAMETER where the platform's COSE_Key is none of P-256.
  [[nodiscard]] Result<SharedSecret> decapsulate(const cbor::Map& platform_key) const;

  [[nodiscard]] Bytes encrypt(const SharedSecret& secret, ByteView plaintext) const;
  /// INVALID_PARAMETER where the length cannot be right.
  [[nodiscard]] Result<SecretBytes> decrypt(const SharedSecret& secret, ByteView ciphertext) const;
  /// `key` is a shared secret or a token. The message is its parts, one after the other.
  [[nodiscard]] bool verify(ByteView key, std::initializer_list<ByteView> message, ByteView signature) const;

  [[nodiscard]] const Secret<32>& token() const { return token_; }

 private:
  Version version_;
  Random* random_;
  crypto::p256::PrivateKey agreement_key_;
  Secret<32> token_;
};

}  // namespace fauxkey::ctap
