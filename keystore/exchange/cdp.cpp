// WebAuthn.Credential of the Chrome DevTools Protocol, in the shape of WebAuthn.getCredentials' answer; and
// WebDriver's Credential Parameters (WebAuthn 11.5), which are the same members in base64url.
#include "keystore/exchange/cdp.h"

#include "keystore/exchange/fields.h"

namespace fauxkey::exchange {
namespace {

bool is_credential(const Place& place) {
  return place.is_object() && place.find("credentialId") && place.find("privateKey") &&
         place.find("isResidentCredential");
}

/// Chrome's protocol puts its answer into "result", its credentials into "credentials" or "credential".
Place content_of(const Place& document) {
  if (!document.is_object()) return document;
  if (const auto result = document.find("result")) return content_of(*result);
  if (const auto value = document.find("value")) return content_of(*value);
  if (const auto credentials = document.find("credentials")) return *credentials;
  if (const auto credential = document.find("credential")) return *credential;
  return document;
}

/// Chrome gives and takes a large blob as the site has it; this key keeps what platforms have compressed by
/// DEFLATE (RFC 1951). One stored block is such, too.
LargeBlob read_large_blob(const Place& place) {
  constexpr std::size_t kMax = 3072 - 5;
  const auto bytes = place.base64();
  if (bytes.size() > kMax) throw place.error("has more than the 3067 bytes that this key can keep");
  const auto size = static_cast<std::uint16_t>(bytes.size());
  const auto complement = static_cast<std::uint16_t>(~size);
  LargeBlob blob;
  blob.original_size = bytes.size();
  blob.bytes = {0x01,  // the last block, not compressed
                static_cast<std::uint8_t>(size & 0xFFU), static_cast<std::uint8_t>(size >> 8U),
                static_cast<std::uint8_t>(complement & 0xFFU), static_cast<std::uint8_t>(complement >> 8U)};
  append(blob.bytes, bytes);
  return blob;
}

Moving read_cdp_credential(const Place& place, const ReadTerms& terms) {
  const auto id = place.at("credentialId");
  auto moving = new_moving(terms, id, id.base64(), place.at("rpId"));
  Credential& credential = moving.credential;
  set_private_key(moving, place.at("privateKey"));
  set_user_handle(moving, place.find("userHandle"));
  set_name(credential.user.name, place.find("userName"));
  set_name(credential.user.display_name, place.find("userDisplayName"));
  set_discoverable(moving, place.at("isResidentCredential").boolean(), place);
  const auto count = place.at("signCount");
  // -1: the credential has no counter.
  credential.counts_signatures = count.integer() != -1;
  if (credential.counts_signatures) moving.sign_count = sign_count_at(count);
  if (const auto blob = place.find("largeBlob")) {
    credential.large_blob = read_large_blob(*blob);
    credential.supports_large_blob = true;
  }
  credential.backup_eligible = place.flag("backupEligibility", false);
  credential.backed_up = credential.backup_eligible && place.flag("backupState", false);
  return moving;
}

}  // namespace

JsonOut write_cdp(const Moving& moving, const WriteTerms& /*terms*/) {
  const Credential& credential = moving.credential;
  JsonOut json{{"credentialId", encode_base64(credential.id, Base64::padded)},
               {"isResidentCredential", credential.discoverable},
               {"rpId", json_text(credential.rp_id)},
               {"privateKey", pkcs8_base64(credential, Base64::padded)},
               {"signCount", moving.sign_count},
               {"backupEligibility", credential.backup_eligible},
               // It lies in a file from now on.
               {"backupState", credential.backup_eligible}};
  if (credential.discoverable) json["userHandle"] = encode_base64(credential.user.id, Base64::padded);
  if (credential.user.name) json["userName"] = json_text(*credential.user.name);
  if (credential.user.display_name) json["userDisplayName"] = json_text(*credential.user.display_name);
  return json;
}

WipingBytes finish_cdp(JsonOut&& elements, const WriteTerms& /*terms*/) {
  JsonOut document = JsonOut::object();
  document["credentials"] = std::move(elements);
  return write_json(document);
}

bool is_cdp(const Place& document) {
  const auto content = content_of(document);
  if (!content.is_array()) return is_credential(content);
  return content.size() > 0 && is_credential(content[0]);
}

void read_cdp(const Place& document, const ReadTerms& terms, const Sink& sink) {
  const auto content = content_of(document);
  if (!content.is_array()) return sink(read_cdp_credential(content, terms), content.path());
  for (std::size_t i = 0; i < content.size(); ++i)
    sink(read_cdp_credential(content[i], terms), content[i].path());
}

}  // namespace fauxkey::exchange
