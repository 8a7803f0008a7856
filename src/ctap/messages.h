// Pieces that several commands' requests and answers share.
#pragma once

#include <optional>
#include <vector>

#include "cbor/cbor.h"
#include "ctap/reader.h"
#include "fauxkey/credential.h"
#include "fauxkey/persona.h"

namespace fauxkey::ctap {

inline constexpr const char* kPublicKey = "public-key";  // WebAuthn 5.8.2, the only credential type

/// The ids of a list of PublicKeyCredentialDescriptor; entries of unknown types are left out, as WebAuthn
/// wants. LIMIT_EXCEEDED for a list longer than getInfo's maxCredentialCountInList.
std::vector<Bytes> read_descriptors(Reader& reader, Member member, const Limits& limits);

/// One PublicKeyCredentialDescriptor's id.
Bytes read_descriptor(Reader& reader, Member member);

/// PublicKeyCredentialUserEntity: id needed, names as they come.
UserEntity read_user(Reader& reader, Member member);

[[nodiscard]] cbor::Value descriptor(const Credential& credential);
/// `with_names`: the user has been verified, so the answer may tell who the user is (CTAP 2.3, 6.2.2).
[[nodiscard]] cbor::Value user_entity(const UserEntity& user, bool with_names);

/// What a pinUvAuthParam comes with; absent where the member is.
struct PinUvAuthParam {
  std::optional<Bytes> param;
  std::optional<std::uint64_t> protocol;
};
PinUvAuthParam read_pin_uv_auth_param(Reader& reader, Member param_member, Member protocol_member);

/// 32 bytes, else INVALID_LENGTH.
Bytes read_client_data_hash(Reader& reader, Member member);

}  // namespace fauxkey::ctap
