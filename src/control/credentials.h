// Credentials as tests see and give them: WebAuthn.Credential of the Chrome DevTools Protocol, which are
// WebDriver's Credential Parameters too, and some members more.
#pragma once

#include <optional>
#include <string>

#include "control/bench_store.h"
#include "control/json.h"
#include "fauxkey/random.h"
#include "keystore/exchange/exchange.h"

namespace fauxkey::control {

/// How binary members are written: CDP's are padded base64, all others base64url.
using exchange::Base64;

/// With its private key (PKCS #8), into memory that is wiped. Throws std::runtime_error where the counter
/// cannot be read.
[[nodiscard]] exchange::JsonOut describe(const Credential& credential, BenchStore& store, Base64 kind);
/// Without its private key.
[[nodiscard]] exchange::JsonOut describe_without_key(const Credential& credential, BenchStore& store);
/// An array of all.
[[nodiscard]] exchange::JsonOut describe_all(BenchStore& store, Base64 kind);
/// Without; for an event. `credential` is nothing where only the id is known.
[[nodiscard]] Json describe_event(ByteView id, const Credential* credential, BenchStore& store);

/// A credential that is to be put into a key: WebAuthn.Credential, in a document of its own or as one's
/// member "credential". Throws BadRequest.
[[nodiscard]] exchange::Moving read_credential(std::string_view json, Random& random, std::int64_t now);
/// Replaces what has its id, or its account. Throws std::runtime_error where the store refuses.
void put_credential(BenchStore& store, const exchange::Moving& moving);
/// All, or those of one relying party. Throws std::runtime_error where the store refuses.
void delete_all(BenchStore& store, const std::optional<std::string>& rp_id);

/// What may change of a credential: WebDriver's Set Credential Properties, and names.
struct CredentialChanges {
  std::optional<bool> backup_eligible;
  std::optional<bool> backed_up;
  /// Nothing: stays; a nothing within: it has no counter any more.
  std::optional<std::optional<std::uint32_t>> sign_count;
  std::optional<std::string> user_name;
  std::optional<std::string> user_display_name;
};
[[nodiscard]] CredentialChanges read_changes(JsonReader& reader);
/// Throws HttpError: 404 where there is no such credential, 409 where the store cannot.
void change_credential(BenchStore& store, ByteView id, const CredentialChanges& changes);

}  // namespace fauxkey::control
