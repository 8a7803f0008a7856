// FIDO Credential Exchange Format 1.0 (Proposed Standard of 2025-08-14): header, accounts, items, and in them
// credentials of type "passkey". And fauxkey's own format, which is the same with an extension on each item.
#include "keystore/exchange/cxf.h"
#include "crypto/hash.h"
#include "keystore/exchange/fields.h"

namespace fauxkey::exchange {
namespace {

constexpr const char* kExtension = "fauxkey";
constexpr const char* kHmacSha256 = "hmac-sha256";
/// The exporter's name is that of a relying party, which this program is not.
constexpr const char* kExporterRpId = "fauxkey.invalid";
constexpr std::size_t kAccountId = 16;
constexpr std::size_t kMaxCredBlob = 64;
constexpr std::size_t kMaxLargeBlob = 3072;

JsonOut fido2_extensions(const Credential& credential) {
  JsonOut extensions{{"hmacCredentials",
                      {{"algorithm", kHmacSha256},
                       {"credWithUV", encode_base64(credential.cred_random_with_uv, Base64::url)},
                       {"credWithoutUV", encode_base64(credential.cred_random_without_uv, Base64::url)}}}};
  if (!credential.cred_blob.empty())
    extensions["credBlob"] = encode_base64(credential.cred_blob, Base64::url);
  if (credential.large_blob) {
    extensions["largeBlob"] = {{"uncompressedSize", credential.large_blob->original_size},
                               {"data", encode_base64(credential.large_blob->bytes, Base64::url)}};
  }
  if (credential.third_party_payment) extensions["payments"] = true;
  return extensions;
}

JsonOut passkey(const Credential& credential) {
  return {{"type", "passkey"},
          {"credentialId", encode_base64(credential.id, Base64::url)},
          {"rpId", json_text(credential.rp_id)},
          {"username", json_text(credential.user.name.value_or(""))},
          {"userDisplayName", json_text(credential.user.display_name.value_or(""))},
          {"userHandle", encode_base64(credential.user.id, Base64::url)},
          {"key", pkcs8_base64(credential, Base64::url)},
          {"fido2Extensions", fido2_extensions(credential)}};
}

/// What CXF has no place for.
JsonOut own_extension(const Moving& moving) {
  const Credential& credential = moving.credential;
  JsonOut extension{{"name", kExtension},
                    {"countsSignatures", credential.counts_signatures},
                    {"signCount", moving.sign_count},
                    {"backupEligible", credential.backup_eligible},
                    {"discoverable", credential.discoverable},
                    {"credProtect", static_cast<int>(credential.cred_protect)},
                    {"supportsLargeBlob", credential.supports_large_blob}};
  if (credential.rp_name) extension["rpName"] = json_text(*credential.rp_name);
  if (!credential.large_blob_key.empty()) {
    extension["largeBlobKey"] = encode_base64(credential.large_blob_key, Base64::url);
  }
  return extension;
}

JsonOut item(const Moving& moving) {
  const Credential& credential = moving.credential;
  JsonOut json{{"id", encode_base64(crypto::sha256(credential.id), Base64::url)}};
  if (credential.created_at > 0) json["creationAt"] = credential.created_at;
  json["title"] = json_text(credential.rp_id);
  json["scope"] = {{"urls", JsonOut::array({url_of(credential)})}, {"androidApps", JsonOut::array()}};
  json["credentials"] = JsonOut::array({passkey(credential)});
  return json;
}

Secret<32> cred_random(const Place& place) {
  const auto bytes = place.base64();
  if (bytes.size() != Secret<32>::size()) throw place.error("has not the 32 bytes of an HMAC secret");
  return Secret<32>::copy_of(bytes);
}

void read_fido2_extensions(Credential& credential, const Place& extensions) {
  if (const auto hmac = extensions.find("hmacCredentials");
      hmac && hmac->at("algorithm").text() == kHmacSha256) {
    credential.cred_random_with_uv = cred_random(hmac->at("credWithUV"));
    credential.cred_random_without_uv = cred_random(hmac->at("credWithoutUV"));
  }
  if (const auto blob = extensions.find("credBlob")) {
    const auto bytes = blob->base64();
    if (bytes.size() > kMaxCredBlob) throw blob->error("has more than the 64 bytes that this key keeps");
    credential.cred_blob.assign(bytes.begin(), bytes.end());
  }
  if (const auto blob = extensions.find("largeBlob")) {
    const auto data = blob->at("data");
    const auto bytes = data.base64();
    const auto size = blob->at("uncompressedSize");
    if (bytes.size() > kMaxLargeBlob) throw data.error("has more than the 3072 bytes that this key keeps");
    if (size.integer() < 0) throw size.error("is no size");
    credential.large_blob =
        LargeBlob{{bytes.begin(), bytes.end()}, static_cast<std::uint64_t>(size.integer())};
    credential.supports_large_blob = true;
  }
  credential.third_party_payment = extensions.flag("payments", false);
}

std::optional<Place> find_own_extension(const Place& item) {
  const auto extensions = item.find("extensions");
  if (!extensions) return std::nullopt;
  for (std::size_t i = 0; i < extensions->size(); ++i) {
    auto extension = (*extensions)[i];
    const auto name = extension.find("name");
    if (name && name->text() == kExtension) return extension;
  }
  return std::nullopt;
}

void read_own_extension(Moving& moving, const Place& extension) {
  Credential& credential = moving.credential;
  credential.counts_signatures = extension.at("countsSignatures").boolean();
  moving.sign_count = sign_count_at(extension.at("signCount"));
  credential.backup_eligible = extension.at("backupEligible").boolean();
  // It lies in a file, and so it is.
  credential.backed_up = credential.backup_eligible;
  credential.discoverable = extension.at("discoverable").boolean();
  const auto level = extension.at("credProtect");
  if (level.integer() < 1 || level.integer() > 3) throw level.error("is no level of credProtect, 1 to 3");
  credential.cred_protect = static_cast<CredProtect>(level.integer());
  credential.supports_large_blob = extension.at("supportsLargeBlob").boolean();
  set_name(credential.rp_name, extension.find("rpName"));
  if (const auto key = extension.find("largeBlobKey")) {
    const auto bytes = key->base64();
    if (bytes.size() != 32) throw key->error("has not the 32 bytes of a largeBlobKey");
    credential.large_blob_key = SecretBytes::copy_of(bytes);
  }
}

Moving read_passkey(const Place& place, const ReadTerms& terms) {
  const auto id = place.at("credentialId");
  auto moving = new_moving(terms, id, id.base64(), place.at("rpId"));
  set_user_handle(moving, place.at("userHandle"));
  set_name(moving.credential.user.name, place.find("username"));
  set_name(moving.credential.user.display_name, place.find("userDisplayName"));
  set_private_key(moving, place.at("key"));
  if (const auto extensions = place.find("fido2Extensions")) {
    read_fido2_extensions(moving.credential, *extensions);
  }
  // "Importers MUST set a zero value for the imported passkey signature counters and MUST NOT increment
  // them."
  moving.credential.counts_signatures = false;
  return moving;
}

void read_item(const Place& item, const ReadTerms& terms, const Sink& sink) {
  const auto credentials = item.at("credentials");
  const auto own = find_own_extension(item);
  for (std::size_t i = 0; i < credentials.size(); ++i) {
    const auto credential = credentials[i];
    // Passwords and others are no business of a security key.
    if (credential.at("type").text() != "passkey") continue;
    auto moving = read_passkey(credential, terms);
    if (const auto created = item.find("creationAt")) moving.credential.created_at = created->integer();
    // Who writes CXF keeps its passkeys in more than one place, and says so to sites.
    set_backup(moving, terms, true);
    if (own) read_own_extension(moving, *own);
    set_discoverable(moving, moving.credential.discoverable, credential);
    sink(std::move(moving), credential.path());
  }
}

}  // namespace

JsonOut write_cxf(const Moving& moving, const WriteTerms& /*terms*/) { return item(moving); }

JsonOut write_fauxkey(const Moving& moving, const WriteTerms& /*terms*/) {
  auto json = item(moving);
  json["extensions"] = JsonOut::array({own_extension(moving)});
  return json;
}

WipingBytes finish_cxf(JsonOut&& elements, const WriteTerms& terms) {
  const auto id = terms.random.bytes<kAccountId>();
  JsonOut account{{"id", encode_base64(id, Base64::url)},
                  {"username", ""},
                  {"email", ""},
                  {"collections", JsonOut::array()}};
  account["items"] = std::move(elements);
  JsonOut header{{"version", {{"major", 1}, {"minor", 0}}},
                 {"exporterRpId", kExporterRpId},
                 {"exporterDisplayName", "fauxkey"},
                 {"timestamp", terms.now}};
  header["accounts"] = JsonOut::array();
  header["accounts"].push_back(std::move(account));
  return write_json(header);
}

bool is_cxf(const Place& document) {
  return document.is_object() && document.find("accounts") && document.find("version");
}

void read_cxf(const Place& document, const ReadTerms& terms, const Sink& sink) {
  const auto version = document.at("version");
  if (version.at("major").integer() != 1) {
    throw version.error("is a version of CXF that this program does not know");
  }
  const auto accounts = document.at("accounts");
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    const auto items = accounts[i].at("items");
    for (std::size_t k = 0; k < items.size(); ++k) read_item(items[k], terms, sink);
  }
}

}  // namespace fauxkey::exchange
