// A public key credential source (WebAuthn 4) as a key keeps it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "fauxkey/bytes.h"
#include "fauxkey/secret.h"

namespace fauxkey {

/// COSE algorithm identifiers (IANA registry "COSE Algorithms").
enum class Algorithm : std::int32_t { es256 = -7, eddsa = -8 };

/// PublicKeyCredentialUserEntity. Texts are UTF-8 as the relying party sent them.
struct UserEntity {
  Bytes id;  ///< 1 to 64 bytes
  std::optional<std::string> name;
  std::optional<std::string> display_name;
};

/// The credProtect extension's levels (CTAP 2.3, 12.1).
enum class CredProtect : std::uint8_t {
  optional = 1,
  optional_with_credential_id_list = 2,
  required = 3,
};

struct Credential {
  Bytes id;  ///< credential id, ≤ 255 bytes
  RpIdHash rp_id_hash{};
  std::string rp_id;                   ///< empty where only the hash is known (U2F, wrapped credentials)
  std::optional<std::string> rp_name;  ///< PublicKeyCredentialRpEntity.name
  UserEntity user;
  Algorithm algorithm = Algorithm::es256;
  /// P-256: the scalar, 32 bytes big-endian. Ed25519: the seed, 32 bytes.
  SecretBytes private_key;
  CredProtect cred_protect = CredProtect::optional;
  /// hmac-secret's two CredRandom values (CTAP 2.3, 12.7): without and with user verification.
  Secret<32> cred_random_without_uv;
  Secret<32> cred_random_with_uv;
  bool discoverable = false;
  std::int64_t created_at = 0;  ///< seconds since 1970

  [[nodiscard]] Credential clone() const;
};

}  // namespace fauxkey
