// Playwright's storageState with `credentials` (browserContext.storageState, version 1.61 and newer), and the
// bare list that context.credentials.get() gives.
#include "keystore/exchange/playwright.h"

#include "crypto/pkcs8.h"
#include "keystore/exchange/fields.h"

namespace fauxkey::exchange {
namespace {

bool is_stored_credential(const Place& place) {
  return place.is_object() && place.find("id") && place.find("rpId") && place.find("privateKey");
}

Moving read_playwright_credential(const Place& place, const ReadTerms& terms) {
  const auto id = place.at("id");
  auto moving = new_moving(terms, id, id.base64(), place.at("rpId"));
  set_private_key(moving, place.at("privateKey"));
  set_user_handle(moving, place.find("userHandle"));
  // It answers without a list of credentials too, and so with a user handle.
  set_discoverable(moving, !moving.credential.user.id.empty(), place);
  // Older versions do not write it, and count from zero again.
  if (const auto count = place.find("signCount")) moving.sign_count = sign_count_at(*count);
  // Its assertions have neither BE nor BS.
  set_backup(moving, terms, false);
  return moving;
}

}  // namespace

JsonOut write_playwright(const Moving& moving, const WriteTerms& /*terms*/) {
  const Credential& credential = moving.credential;
  const auto public_key = crypto::pkcs8::encode_public(credential.algorithm, credential.private_key);
  return {{"id", encode_base64(credential.id, Base64::url)},
          {"rpId", json_text(credential.rp_id)},
          {"userHandle", encode_base64(credential.user.id, Base64::url)},
          {"privateKey", pkcs8_base64(credential, Base64::url)},
          {"publicKey", encode_base64(public_key, Base64::url)},
          {"signCount", moving.sign_count}};
}

WipingBytes finish_playwright(JsonOut&& elements, const WriteTerms& /*terms*/) {
  JsonOut document{{"cookies", JsonOut::array()}, {"origins", JsonOut::array()}};
  document["credentials"] = std::move(elements);
  return write_json(document);
}

bool is_playwright(const Place& document) {
  if (document.is_array()) return document.size() > 0 && is_stored_credential(document[0]);
  const auto credentials = document.find("credentials");
  if (credentials && credentials->is_array() && credentials->size() > 0)
    return is_stored_credential((*credentials)[0]);
  return document.find("cookies") && document.find("origins");
}

void read_playwright(const Place& document, const ReadTerms& terms, const Sink& sink) {
  const auto credentials = document.is_array() ? document : document.at("credentials");
  for (std::size_t i = 0; i < credentials.size(); ++i) {
    sink(read_playwright_credential(credentials[i], terms), credentials[i].path());
  }
}

}  // namespace fauxkey::exchange
