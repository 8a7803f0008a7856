// Bitwarden's unencrypted JSON export: login items with fido2Credentials.
#include "keystore/exchange/bitwarden.h"

#include <algorithm>
#include <charconv>

#include "keystore/exchange/fields.h"

namespace fauxkey::exchange {
namespace {

constexpr int kLogin = 1;
constexpr std::size_t kGuid = 16;
constexpr std::string_view kBase64Id = "b64.";

constexpr bool is_dash(std::size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

/// RFC 9562, section 4, of bytes in their order.
std::string guid(ByteView bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (is_dash(i)) text += '-';
    text += kDigits[bytes[i] >> 4U];
    text += kDigits[bytes[i] & 0xFU];
  }
  return text;
}

/// A random UUID (RFC 9562, 5.4).
std::string new_guid(Random& random) {
  auto bytes = random.bytes<kGuid>();
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);
  return guid(bytes);
}

std::optional<Bytes> parse_guid(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i < kGuid; ++i) {
    if (is_dash(i)) {
      if (!text.starts_with('-')) return std::nullopt;
      text.remove_prefix(1);
    }
    std::uint8_t byte = 0;
    const auto digits = text.substr(0, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) return std::nullopt;
    bytes.push_back(byte);
    text.remove_prefix(2);
  }
  return text.empty() ? std::optional{bytes} : std::nullopt;
}

/// 16 bytes are taken for a GUID there, and have to be written as one.
WipingString write_id(ByteView id) {
  if (id.size() == kGuid) return json_text(guid(id));
  return json_text(kBase64Id) + encode_base64(id, Base64::url);
}

Bytes read_id(const Place& place) {
  auto text = place.text();
  if (text.starts_with(kBase64Id)) {
    const auto bytes = decode_base64(text.substr(kBase64Id.size()), Base64::url_or_padded);
    if (!bytes) throw place.error("is no base64 after b64.");
    return {bytes->begin(), bytes->end()};
  }
  auto bytes = parse_guid(text);
  if (!bytes) throw place.error("is no credential id, neither a GUID nor b64.…");
  return *std::move(bytes);
}

/// A number, or one in a string as Bitwarden writes it.
std::uint32_t read_counter(const std::optional<Place>& place) {
  if (!place) return 0;
  std::uint32_t count = 0;
  const auto digits = place->text();
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc{} || end != digits.data() + digits.size())
    throw place->error("is no signature counter");
  return count;
}

Moving read_bitwarden_credential(const Place& place, const ReadTerms& terms) {
  const auto id = place.at("credentialId");
  auto moving = new_moving(terms, id, read_id(id), place.at("rpId"));
  Credential& credential = moving.credential;
  set_private_key(moving, place.at("keyValue"));
  set_user_handle(moving, place.find("userHandle"));
  set_name(credential.user.name, place.find("userName"));
  set_name(credential.user.display_name, place.find("userDisplayName"));
  set_name(credential.rp_name, place.find("rpName"));
  set_discoverable(moving, place.at("discoverable").text() == "true", place);
  moving.sign_count = read_counter(place.find("counter"));
  // One of zero stays so there; the others count on.
  credential.counts_signatures = moving.sign_count > 0;
  if (const auto created = place.find("creationDate")) {
    credential.created_at = parse_date(created->text()).value_or(terms.now);
  }
  // Bitwarden sets both flags always.
  credential.backup_eligible = true;
  credential.backed_up = true;
  return moving;
}

}  // namespace

JsonOut write_bitwarden(const Moving& moving, const WriteTerms& terms) {
  const Credential& credential = moving.credential;
  const auto created = date_text(credential.created_at > 0 ? credential.created_at : terms.now);
  const auto text_or_null = [](const std::optional<std::string>& text) {
    return text ? JsonOut(json_text(*text)) : JsonOut(nullptr);
  };
  JsonOut fido2{{"credentialId", write_id(credential.id)},
                {"keyType", "public-key"},
                {"keyAlgorithm", "ECDSA"},
                {"keyCurve", "P-256"},
                {"keyValue", pkcs8_base64(credential, Base64::url)},
                {"rpId", json_text(credential.rp_id)},
                {"userHandle", encode_base64(credential.user.id, Base64::url)},
                {"userName", text_or_null(credential.user.name)},
                {"counter", json_text(std::to_string(moving.sign_count))},
                {"rpName", text_or_null(credential.rp_name)},
                {"userDisplayName", text_or_null(credential.user.display_name)},
                {"discoverable", credential.discoverable ? "true" : "false"},
                {"creationDate", json_text(created)}};
  JsonOut uri{{"match", nullptr}, {"uri", url_of(credential)}};
  JsonOut login = JsonOut::object();
  login["fido2Credentials"] = JsonOut::array({std::move(fido2)});
  login["uris"] = JsonOut::array({std::move(uri)});
  login["username"] = text_or_null(credential.user.name);
  login["password"] = nullptr;
  login["totp"] = nullptr;
  JsonOut item{{"id", json_text(new_guid(terms.random))},
               {"organizationId", nullptr},
               {"folderId", nullptr},
               {"type", kLogin},
               {"reprompt", 0},
               {"name", json_text(credential.rp_id)},
               {"notes", nullptr},
               {"favorite", false}};
  item["login"] = std::move(login);
  item["collectionIds"] = nullptr;
  return item;
}

WipingBytes finish_bitwarden(JsonOut&& elements, const WriteTerms& /*terms*/) {
  JsonOut document{{"encrypted", false}, {"folders", JsonOut::array()}};
  document["items"] = std::move(elements);
  return write_json(document);
}

bool is_bitwarden(const Place& document) {
  return document.is_object() && document.find("encrypted").has_value();
}

void read_bitwarden(const Place& document, const ReadTerms& terms, const Sink& sink) {
  if (document.at("encrypted").boolean()) {
    throw FormatError{
        "is an encrypted Bitwarden export: export it from Bitwarden as .json without a password"};
  }
  const auto items = document.at("items");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto login = items[i].find("login");
    const auto credentials = login ? login->find("fido2Credentials") : std::nullopt;
    if (!credentials) continue;
    for (std::size_t k = 0; k < credentials->size(); ++k) {
      const auto credential = (*credentials)[k];
      sink(read_bitwarden_credential(credential, terms), credential.path());
    }
  }
}

}  // namespace fauxkey::exchange
