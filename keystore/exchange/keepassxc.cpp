// KeePassXC's .passkey file: one credential, its key as PEM.
#include "keystore/exchange/keepassxc.h"

#include "crypto/pkcs8.h"
#include "keystore/exchange/fields.h"

namespace fauxkey::exchange {

JsonOut write_keepassxc(const Moving& moving, const WriteTerms& /*terms*/) {
  const Credential& credential = moving.credential;
  const auto account = account_of(credential);
  return {{"credentialId", encode_base64(credential.id, Base64::url)},
          {"privateKey", to_pem(crypto::pkcs8::encode(credential.algorithm, credential.private_key))},
          {"relyingParty", json_text(credential.rp_id)},
          {"url", url_of(credential)},
          {"userHandle", encode_base64(credential.user.id, Base64::url)},
          // Without a name, KeePassXC takes the file for a damaged one.
          {"username", json_text(account.empty() ? credential.rp_id : account)}};
}

WipingBytes finish_keepassxc(JsonOut&& elements, const WriteTerms& /*terms*/) {
  return write_json(elements.front());
}

bool is_keepassxc(const Place& document) {
  return document.is_object() && document.find("relyingParty") && document.find("credentialId");
}

void read_keepassxc(const Place& document, const ReadTerms& terms, const Sink& sink) {
  const auto id = document.at("credentialId");
  auto moving = new_moving(terms, id, id.base64(), document.at("relyingParty"));
  const auto key = document.at("privateKey");
  const auto der = from_pem(key.text());
  if (!der) throw key.error(der.error());
  set_private_key(moving, key, *der);
  set_user_handle(moving, document.at("userHandle"));
  set_name(moving.credential.user.name, document.find("username"));
  set_discoverable(moving, true, document.at("userHandle"));
  // KeePassXC's counter is always zero; a credential that comes out of it has both flags.
  moving.credential.counts_signatures = false;
  set_backup(moving, terms, true);
  sink(std::move(moving), "");
}

}  // namespace fauxkey::exchange
