// An answer that something signs, taken apart: a registration's or an assertion's, CTAP2's or U2F's. Faults
// change its parts; then the key signs it anew, so that what was changed is all that is wrong with it.
#pragma once

#include <cstdint>
#include <optional>

#include "cbor/cbor.h"
#include "control/faults/authenticator_data.h"
#include "control/faults/request.h"
#include "fauxkey/virtual_key.h"

namespace fauxkey::control::faults {

struct SignedAnswer {
  // What faults change. U2F's answers have no authenticator data of their own: what they hold of it is here.
  AuthenticatorData data;
  Bytes credential_id;            ///< that an assertion names
  std::optional<cbor::Map> user;  ///< an assertion's member "user"
  Bytes client_data_hash;
  enum class Statement : std::uint8_t { unchanged, none, self, missing };
  Statement statement = Statement::unchanged;  ///< of the attestation
  AttestationVariant attestation = AttestationVariant::genuine;
  void (*distort)(Bytes& signature) = nullptr;  ///< what happens to the signature in the end

  // What stays.
  Kinds kind = kRegistration;  ///< one bit
  /// The counter that the answer before this one told, as far as anybody knows.
  std::uint32_t last_counter = 0;
  cbor::Map members;  ///< CTAP2: as the key answered
  AuthenticatorData original;
  Bytes original_id;

  [[nodiscard]] bool is_u2f() const { return (kind & kU2f) != 0; }
  [[nodiscard]] bool is_registration() const { return (kind & kRegistrations) != 0; }
  /// Whether there is a signature in it: attestations of the formats "none" and "apple" have none.
  [[nodiscard]] bool has_signature() const;
  /// Whether attestations of this answer's format can be wrong like that.
  [[nodiscard]] bool has_variant(AttestationVariant variant) const;
};

/// Nothing where the answer is no such: an error above all.
[[nodiscard]] std::optional<SignedAnswer> read_signed(const Request& request, ByteView answer);
/// The answer's bytes; nothing where the key cannot sign for it.
[[nodiscard]] std::optional<Bytes> sign_anew(const SignedAnswer& answer, VirtualKey& key);

}  // namespace fauxkey::control::faults
