#include "ctap/messages.h"

#include "authenticator/authenticator.h"

namespace fauxkey::ctap {
namespace {

constexpr std::size_t kMaxUserIdSize = 64;  // WebAuthn 5.4.3

/// The descriptor's id, or nothing where its type is unknown.
std::optional<Bytes> read_descriptor_map(Reader& reader, const cbor::Map& map) {
  Reader members{map};
  const auto& type = members.required<std::string>("type");
  const auto& id = members.required<Bytes>("id");
  reader.note(members.status());
  if (members.status() != Status::ok || type != kPublicKey) return std::nullopt;
  return id;
}

}  // namespace

std::vector<Bytes> read_descriptors(Reader& reader, int member) {
  std::vector<Bytes> ids;
  const auto* list = reader.optional<cbor::Array>(member);
  if (list == nullptr) return ids;
  if (list->size() > Authenticator::kMaxCredentialCountInList) reader.note(Status::limit_exceeded);
  for (const auto& element : *list) {
    const auto* map = element.as<cbor::Map>();
    if (map == nullptr) {
      reader.note(Status::cbor_unexpected_type);
    } else if (auto id = read_descriptor_map(reader, *map)) {
      ids.push_back(*std::move(id));
    }
  }
  return ids;
}

Bytes read_descriptor(Reader& reader, int member) {
  return read_descriptor_map(reader, reader.required<cbor::Map>(member)).value_or(Bytes{});
}

UserEntity read_user(Reader& reader, int member) {
  Reader members{reader.required<cbor::Map>(member)};
  UserEntity user;
  if (reader.status() != Status::ok) return user;
  user.id = members.required<Bytes>("id");
  user.name = members.optional_text("name");
  user.display_name = members.optional_text("displayName");
  if (user.id.size() > kMaxUserIdSize) members.note(Status::invalid_length);
  reader.note(members.status());
  return user;
}

cbor::Value descriptor(const Credential& credential) {
  return cbor::Map{{"id", credential.id}, {"type", kPublicKey}};
}

cbor::Value user_entity(const UserEntity& user, bool with_names) {
  cbor::Map map{{"id", user.id}};
  if (with_names && user.name) map.emplace_back("name", *user.name);
  if (with_names && user.display_name) map.emplace_back("displayName", *user.display_name);
  return map;
}

PinUvAuthParam read_pin_uv_auth_param(Reader& reader, int param_member, int protocol_member) {
  PinUvAuthParam auth;
  if (const auto* param = reader.optional<Bytes>(param_member)) auth.param = *param;
  if (const auto* protocol = reader.optional<std::uint64_t>(protocol_member)) auth.protocol = *protocol;
  return auth;
}

Bytes read_client_data_hash(Reader& reader, int member) {
  const auto& hash = reader.required<Bytes>(member);
  if (reader.status() == Status::ok && hash.size() != Sha256Hash{}.size())
    reader.note(Status::invalid_length);
  return hash;
}

}  // namespace fauxkey::ctap
