#include "control/credentials.h"

#include "control/http.h"
#include "keystore/exchange/fields.h"

namespace fauxkey::control {
namespace {

template <class T>
T must(StoreResult<T> done) {
  if (!done) throw std::runtime_error{done.error().message};
  if constexpr (!std::is_void_v<T>) return *std::move(done);
}

/// What is no secret of it.
template <class J>
J describe_public(const Credential& credential, BenchStore& store, Base64 kind) {
  using exchange::encode_base64;
  const auto text = [](std::string_view from) { return typename J::string_t{from}; };
  const auto counter = must(store.sign_counter(credential.id));
  J json{{"credentialId", text(encode_base64(credential.id, kind))},
         {"isResidentCredential", credential.discoverable},
         {"rpId", text(credential.rp_id)},
         {"signCount", nullptr},
         {"backupEligibility", credential.backup_eligible},
         {"backupState", credential.backed_up},
         {"algorithm", static_cast<std::int32_t>(credential.algorithm)},
         {"credProtect", static_cast<std::uint8_t>(credential.cred_protect)},
         {"createdAt", credential.created_at}};
  // -1 is CDP's word for one without a counter, null WebDriver's.
  if (credential.counts_signatures)
    json["signCount"] = counter.count;
  else if (kind == Base64::padded)
    json["signCount"] = -1;
  if (counter.last_used != 0) json["lastUsedAt"] = counter.last_used;
  if (!credential.user.id.empty()) json["userHandle"] = text(encode_base64(credential.user.id, kind));
  if (credential.user.name) json["userName"] = text(*credential.user.name);
  if (credential.user.display_name) json["userDisplayName"] = text(*credential.user.display_name);
  if (credential.rp_name) json["rpName"] = text(*credential.rp_name);
  return json;
}

}  // namespace

exchange::JsonOut describe(const Credential& credential, BenchStore& store, Base64 kind) {
  auto json = describe_public<exchange::JsonOut>(credential, store, kind);
  // Who wants that of a key that lasts proves that he may open its store: fauxkey credentials export.
  if (!store.lasts()) json["privateKey"] = exchange::pkcs8_base64(credential, kind);
  return json;
}

exchange::JsonOut describe_without_key(const Credential& credential, BenchStore& store) {
  return describe_public<exchange::JsonOut>(credential, store, Base64::url);
}

exchange::JsonOut describe_all(BenchStore& store, Base64 kind) {
  auto all = exchange::JsonOut::array();
  must(store.each([&](const Credential& credential) { all.push_back(describe(credential, store, kind)); }));
  return all;
}

Json describe_event(ByteView id, const Credential* credential, BenchStore& store) {
  if (credential == nullptr) return {{"credential", {{"credentialId", base64url(id)}}}};
  return {{"credential", describe_public<Json>(*credential, store, Base64::url)}};
}

exchange::Moving read_credential(std::string_view json, Random& random, std::int64_t now) {
  std::optional<exchange::Moving> found;
  try {
    const exchange::Document document{bytes_of(json), exchange::Format::cdp};
    document.read({.random = random, .now = now}, [&](exchange::Moving&& moving, const std::string& place) {
      if (found) throw exchange::FormatError{"has more than one credential, the second at " + place};
      found = std::move(moving);
    });
  } catch (const exchange::FormatError& error) {
    throw BadRequest{"The request's body " + std::string{error.what()} + "."};
  }
  if (!found) throw BadRequest{"The request's body has no credential."};
  return *std::move(found);
}

void put_credential(BenchStore& store, const exchange::Moving& moving) {
  must(store.put(moving.credential));
  // Zero too: a removed credential of the same id may have left its count behind.
  (void)must(store.set_sign_count(moving.credential.id, moving.sign_count));
}

void delete_all(BenchStore& store, const std::optional<std::string>& rp_id) {
  std::vector<Bytes> ids;
  must(store.each([&](const Credential& credential) {
    if (!rp_id || credential.rp_id == *rp_id) ids.push_back(credential.id);
  }));
  for (const auto& id : ids) (void)must(store.erase(id));
}

CredentialChanges read_changes(JsonReader& reader) {
  CredentialChanges changes{.backup_eligible = reader.boolean("backupEligibility"),
                            .backed_up = reader.boolean("backupState"),
                            .sign_count = {},
                            .user_name = reader.text("userName"),
                            .user_display_name = reader.text("userDisplayName")};
  const auto* count = reader.find("signCount");
  if (count != nullptr && count->is_null()) {
    changes.sign_count.emplace();
  } else if (const auto number = reader.integer("signCount", 0, UINT32_MAX)) {
    changes.sign_count.emplace(static_cast<std::uint32_t>(*number));
  }
  return changes;
}

void change_credential(BenchStore& store, ByteView id, const CredentialChanges& changes) {
  auto found = must(store.find(id));
  if (!found) throw HttpError{404, "The key has no credential of this id: list its credentials."};
  Credential& credential = *found;
  if (changes.backup_eligible) credential.backup_eligible = *changes.backup_eligible;
  if (changes.backed_up) credential.backed_up = *changes.backed_up;
  if (credential.backed_up && !credential.backup_eligible)
    throw BadRequest{"A credential is backed up (backupState) only where it may be (backupEligibility)."};
  if (changes.user_name) credential.user.name = changes.user_name;
  if (changes.user_display_name) credential.user.display_name = changes.user_display_name;
  if (changes.sign_count) credential.counts_signatures = changes.sign_count->has_value();
  if (changes.sign_count && *changes.sign_count && !must(store.set_sign_count(id, **changes.sign_count))) {
    throw HttpError{
        409,
        "This key lasts, so its counters never go back: give a greater one, or take a key that was "
        "plugged in over the control interface."};
  }
  if (!must(store.update(credential)))
    throw HttpError{404, "The key has no credential of this id any more: list its credentials."};
}

}  // namespace fauxkey::control
