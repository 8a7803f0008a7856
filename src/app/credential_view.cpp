#include "app/credential_view.h"

#include <algorithm>
#include <tuple>

#include "app/error.h"
#include "app/text.h"

namespace fauxkey::app {
namespace {

constexpr std::size_t kPage = 100;

/// Calls `visit` with each; it returns whether to go on.
template <class Visit>
void each_credential(CredentialStore& store, const Visit& visit) {
  std::uint64_t cursor = 0;
  do {
    auto page = store.page(cursor, kPage);
    if (!page) throw Failure{page.error().message};
    for (auto& credential : page->credentials) {
      if (!visit(credential)) return;
    }
    cursor = page->next_cursor;
  } while (cursor != 0);
}

std::string base64url(ByteView bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
  text.pop_back();
  return text;
}

}  // namespace

CredentialView view_of(const Credential& credential, CredentialStore& store) {
  auto counter = store.sign_counter(credential.id);
  // What sites see of one that does not count.
  if (counter && !credential.counts_signatures) counter->count = 0;
  return {.id = credential.id,
          .rp_id = credential.rp_id,
          .rp_name = credential.rp_name,
          .user = credential.user,
          .algorithm = credential.algorithm,
          .cred_protect = credential.cred_protect,
          .created_at = credential.created_at,
          .counter = counter ? std::optional{*counter} : std::nullopt,
          .cred_blob = !credential.cred_blob.empty(),
          .large_blob = !credential.large_blob_key.empty() || credential.large_blob.has_value(),
          .third_party_payment = credential.third_party_payment,
          .discoverable = credential.discoverable,
          .backup_eligible = credential.backup_eligible,
          .backed_up = credential.backed_up};
}

std::vector<CredentialView> all_credentials(CredentialStore& store) {
  std::vector<CredentialView> all;
  each_credential(store, [&](const Credential& credential) {
    all.push_back(view_of(credential, store));
    return true;
  });
  std::ranges::sort(all, {}, [](const CredentialView& credential) {
    return std::tuple{std::string_view{credential.rp_id}, account_of(credential.user), credential.created_at};
  });
  return all;
}

Credential find_credential(CredentialStore& store, const std::string& id_prefix) {
  std::string wanted = id_prefix;
  std::ranges::transform(wanted, wanted.begin(),
                         [](char c) { return c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c; });
  const bool digits =
      std::ranges::all_of(wanted, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (wanted.empty() || !digits) {
    throw UsageError{
        "A credential is named by its id or the id's beginning, in hexadecimal digits: see "
        "fauxkey credentials list."};
  }
  std::optional<Credential> found;
  bool several = false;
  each_credential(store, [&](Credential& credential) {
    if (!hex(credential.id).starts_with(wanted)) return true;
    several = found.has_value();
    found = std::move(credential);
    return !several;
  });
  if (!found) {
    throw Failure{"There is no credential whose id begins with " + id_prefix +
                  ": see fauxkey credentials list."};
  }
  if (several) {
    throw Failure{"More than one credential's id begins with " + id_prefix + ": give more digits of it."};
  }
  return *std::move(found);
}

std::string account_of(const UserEntity& user) {
  if (user.name && !user.name->empty()) return *user.name;
  return user.display_name.value_or("");
}

std::string flags_of(const CredentialView& credential) {
  std::string flags;
  const auto add = [&](bool has, const char* name) {
    if (has) flags += (flags.empty() ? "" : " ") + std::string{name};
  };
  add(credential.cred_protect == CredProtect::required, "uv");
  add(credential.cred_protect == CredProtect::optional_with_credential_id_list, "uv-or-id");
  add(credential.cred_blob || credential.large_blob, "blob");
  add(credential.third_party_payment, "payment");
  add(credential.backup_eligible && !credential.backed_up, "may-be-copied");
  add(credential.backed_up, "copied");
  add(!credential.discoverable, "by-id-alone");
  return flags;
}

nlohmann::ordered_json to_json(const CredentialView& credential) {
  nlohmann::ordered_json json{
      {"id", hex(credential.id)},
      {"idBase64url", base64url(credential.id)},
      {"rpId", credential.rp_id},
      {"rpName", nullptr},
      {"user", {{"id", hex(credential.user.id)}, {"name", nullptr}, {"displayName", nullptr}}},
      {"algorithm", name_of(credential.algorithm)},
      {"credProtect", static_cast<int>(credential.cred_protect)},
      {"createdAt", date_and_time(credential.created_at)},
      {"lastUsedAt", nullptr},
      {"signCount", nullptr},
      {"credBlob", credential.cred_blob},
      {"largeBlob", credential.large_blob},
      {"thirdPartyPayment", credential.third_party_payment},
      {"discoverable", credential.discoverable},
      {"backupEligible", credential.backup_eligible},
      {"backedUp", credential.backed_up}};
  if (credential.rp_name) json["rpName"] = *credential.rp_name;
  if (credential.user.name) json["user"]["name"] = *credential.user.name;
  if (credential.user.display_name) json["user"]["displayName"] = *credential.user.display_name;
  if (credential.counter) {
    json["signCount"] = credential.counter->count;
    if (credential.counter->last_used != 0) json["lastUsedAt"] = date_and_time(credential.counter->last_used);
  }
  return json;
}

}  // namespace fauxkey::app
