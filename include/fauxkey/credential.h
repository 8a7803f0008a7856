// A public key credential source (WebAuthn 4) as a key keeps it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "fauxkey/bytes.h"
#include "fauxkey/secret.h"

namespace fauxkey {

/// COSE algorithm identifiers (IANA registry "COSE Algorithms").
enum class Algorithm : std::int32_t {
  es256 = -7,
  eddsa = -8,  ///< Ed25519
  es384 = -35,
  es512 = -36,
  es256k = -47,
  ml_dsa_44 = -48,
  ml_dsa_65 = -49,
  rs256 = -257,  ///< 2048 bits
};
/// All of them, the preferred one first.
inline constexpr std::array kAlgorithms{Algorithm::es256,     Algorithm::eddsa, Algorithm::es384,
                                        Algorithm::es512,     Algorithm::rs256, Algorithm::ml_dsa_44,
                                        Algorithm::ml_dsa_65, Algorithm::es256k};

/// As the registry writes it: "ES256", "ML-DSA-44".
[[nodiscard]] const char* name_of(Algorithm algorithm);

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

/// What the largeBlob extension (CTAP 2.3, 12.4) keeps with a credential: bytes that the platform has
/// compressed, and how many they were before.
struct LargeBlob {
  Bytes bytes;
  std::uint64_t original_size = 0;
};

struct Credential {
  Bytes id;  ///< credential id, ≤ 255 bytes
  RpIdHash rp_id_hash{};
  std::string rp_id;                   ///< empty where only the hash is known (U2F, wrapped credentials)
  std::optional<std::string> rp_name;  ///< PublicKeyCredentialRpEntity.name
  UserEntity user;
  Algorithm algorithm = Algorithm::es256;
  /// In the form that the algorithm's file in src/crypto describes, 256 bytes at most.
  SecretBytes private_key;
  CredProtect cred_protect = CredProtect::optional;
  /// hmac-secret's two CredRandom values (CTAP 2.3, 12.7): without and with user verification.
  Secret<32> cred_random_without_uv;
  Secret<32> cred_random_with_uv;
  bool discoverable = false;
  Bytes cred_blob;  ///< credBlob extension (12.2), at most 64 bytes
  /// largeBlobKey extension (12.3); empty where the credential has none.
  SecretBytes large_blob_key;
  bool third_party_payment = false;  ///< thirdPartyPayment extension (12.10)
  bool supports_large_blob = false;  ///< largeBlob extension (12.4)
  std::optional<LargeBlob> large_blob;
  std::int64_t created_at = 0;  ///< seconds since 1970
  /// BE (WebAuthn 6.1.3): whether copies of it may exist. Never changes: sites compare it with what they were
  /// told at registration.
  bool backup_eligible = false;
  bool backed_up = false;  ///< BS: whether there are such copies; only where it is eligible
  /// Whether it has a signature counter (6.1.1). Otherwise the counter that sites see is always zero, as
  /// suits a credential of which there are copies.
  bool counts_signatures = true;

  [[nodiscard]] Credential clone() const;
};

}  // namespace fauxkey
