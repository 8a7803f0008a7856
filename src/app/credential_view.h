// Credentials as the commands list, find and print them.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fauxkey/credential.h"
#include "fauxkey/credential_store.h"

namespace fauxkey::app {

/// One, without its secrets, so that many fit into memory.
struct CredentialView {
  Bytes id;
  std::string rp_id;
  std::optional<std::string> rp_name;
  UserEntity user;
  Algorithm algorithm{};
  CredProtect cred_protect{};
  std::int64_t created_at = 0;
  std::optional<SignCounter> counter;  ///< nothing where it is damaged
  bool cred_blob = false;
  bool large_blob = false;  ///< has one, or the key to one
  bool third_party_payment = false;
  bool discoverable = true;
  bool backup_eligible = false;
  bool backed_up = false;
};

[[nodiscard]] CredentialView view_of(const Credential& credential, CredentialStore& store);

/// All, by site, then by account. Throws Failure.
[[nodiscard]] std::vector<CredentialView> all_credentials(CredentialStore& store);

/// The credential whose id begins with these hexadecimal digits. Throws Failure where there is none or more
/// than one, UsageError where they are none.
[[nodiscard]] Credential find_credential(CredentialStore& store, const std::string& id_prefix);

/// The account's name as a person knows it.
[[nodiscard]] std::string account_of(const UserEntity& user);
/// "uv blob": what is particular about it; empty where nothing is.
[[nodiscard]] std::string flags_of(const CredentialView& credential);
[[nodiscard]] nlohmann::ordered_json to_json(const CredentialView& credential);

}  // namespace fauxkey::app
