#include "ctap/messages.h"

namespace fauxkey::ctap {
namespace {

constexpr std::size_t kMaxUserIdSize = 64;  // WebAuthn 5.4.3

/// The descriptor's id, or nothing where its type is unknown. `list`: whose entry it is.
std::optional<Bytes> read_descriptor_map(Reader& reader, const cbor::Map& map, const char* list) {
  Reader members{map, list};
  const auto& type = members.required<std::string>("type");
  const auto& id = members.required<Bytes>("id");
  reader.note(members);
  if (!members.ok() || type != kPublicKey) return std::nullopt;
  return id;
}

}  // namespace

std::vector<Bytes> read_descriptors(Reader& reader, Member member, const Limits& limits) {
  std::vector<Bytes> ids;
  const auto* list = reader.optional<cbor::Array>(member);
  if (list == nullptr) return ids;
  if (const auto most = limits.max_credential_count_in_list; list->size() > most) {
    reader.note(Status::limit_exceeded, std::string{member.name} + " has " + std::to_string(list->size()) +
                                            " entries, more than " + std::to_string(most) +
                                            " (maxCredentialCountInList)");
  }
  for (const auto& element : *list) {
    const auto* map = element.as<cbor::Map>();
    if (map == nullptr) {
      reader.note_type(std::string{"an entry of "} + member.name, element, cbor::Map{});
    } else if (auto id = read_descriptor_map(reader, *map, member.name)) {
      ids.push_back(*std::move(id));
    }
  }
  return ids;
}

Bytes read_descriptor(Reader& reader, Member member) {
  return read_descriptor_map(reader, reader.required<cbor::Map>(member), member.name).value_or(Bytes{});
}

UserEntity read_user(Reader& reader, Member member) {
  Reader members{reader.required<cbor::Map>(member), member.name};
  UserEntity user;
  if (!reader.ok()) return user;
  user.id = members.required<Bytes>("id");
  user.name = members.optional_text("name");
  user.display_name = members.optional_text("displayName");
  if (user.id.size() > kMaxUserIdSize) {
    members.note(Status::invalid_length,
                 "the user id has " + std::to_string(user.id.size()) + " bytes, more than 64");
  }
  reader.note(members);
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

PinUvAuthParam read_pin_uv_auth_param(Reader& reader, Member param_member, Member protocol_member) {
  PinUvAuthParam auth;
  if (const auto* param = reader.optional<Bytes>(param_member)) auth.param = *param;
  if (const auto* protocol = reader.optional<std::uint64_t>(protocol_member)) auth.protocol = *protocol;
  return auth;
}

Bytes read_client_data_hash(Reader& reader, Member member) {
  const auto& hash = reader.required<Bytes>(member);
  if (reader.ok() && hash.size() != Sha256Hash{}.size()) {
    reader.note(Status::invalid_length,
                "clientDataHash has " + std::to_string(hash.size()) + " bytes, not the 32 of a SHA-256");
  }
  return hash;
}

}  // namespace fauxkey::ctap
