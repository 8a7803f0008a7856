#include "keystore/exchange/fields.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <limits>

#include "crypto/hash.h"
#include "crypto/pkcs8.h"

namespace fauxkey::exchange {
namespace {

constexpr std::size_t kMaxId = 255;         // as CTAP messages of this key have room for
constexpr std::size_t kMaxRpId = 253;       // a domain name (RFC 1035, 2.3.4)
constexpr std::size_t kMaxUserHandle = 64;  // WebAuthn 5.4.3
constexpr std::size_t kMaxName = 1024;      // an answer with two of them fits into a message

constexpr std::string_view kPemBegin = "-----BEGIN PRIVATE KEY-----";
constexpr std::string_view kPemEnd = "-----END PRIVATE KEY-----";
constexpr std::size_t kPemColumns = 64;

bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

Moving new_moving(const ReadTerms& terms, const Place& id, ByteView id_bytes, const Place& rp_id) {
  if (id_bytes.empty() || id_bytes.size() > kMaxId) {
    throw id.error("has " + std::to_string(id_bytes.size()) + " bytes, and a credential id 1 to " +
                   std::to_string(kMaxId));
  }
  const auto site = rp_id.text();
  if (site.empty() || site.size() > kMaxRpId || has_control_characters(site)) {
    throw rp_id.error("is no relying party's id, such as example.com");
  }
  Moving moving;
  Credential& credential = moving.credential;
  credential.id.assign(id_bytes.begin(), id_bytes.end());
  credential.rp_id = site;
  credential.rp_id_hash = crypto::sha256(site);
  // Those of a file without them are new ones: nobody has seen results of others.
  credential.cred_random_without_uv = terms.random.secret<32>();
  credential.cred_random_with_uv = terms.random.secret<32>();
  credential.created_at = terms.now;
  credential.discoverable = true;
  return moving;
}

void set_user_handle(Moving& moving, const std::optional<Place>& handle) {
  if (!handle) return;
  const auto bytes = handle->base64();
  if (bytes.size() > kMaxUserHandle) {
    throw handle->error("has " + std::to_string(bytes.size()) + " bytes, and a user handle 64 at most");
  }
  moving.credential.user.id.assign(bytes.begin(), bytes.end());
}

void set_name(std::optional<std::string>& name, const std::optional<Place>& text) {
  if (!text || text->text().empty()) return;
  if (text->text().size() > kMaxName) throw text->error("is a name of more than 1024 bytes");
  name = text->text();
}

void set_private_key(Moving& moving, const Place& place, ByteView der) {
  auto key = crypto::pkcs8::decode(der);
  if (!key) throw place.error(key.error());
  moving.credential.algorithm = key->algorithm;
  moving.credential.private_key = std::move(key->bytes);
}

void set_private_key(Moving& moving, const Place& base64) {
  set_private_key(moving, base64, base64.base64());
}

std::uint32_t sign_count_at(const Place& place) {
  const auto count = place.integer();
  if (!std::in_range<std::uint32_t>(count)) throw place.error("is no signature counter, 0 to 4294967295");
  return static_cast<std::uint32_t>(count);
}

void set_backup(Moving& moving, const ReadTerms& terms, bool otherwise) {
  moving.credential.backup_eligible = terms.backup_eligible.value_or(otherwise);
  moving.credential.backed_up = moving.credential.backup_eligible;
}

void set_discoverable(Moving& moving, bool discoverable, const Place& place) {
  if (discoverable && moving.credential.user.id.empty()) {
    throw place.error("is discoverable, but has no user handle, which such a credential needs");
  }
  moving.credential.discoverable = discoverable;
}

WipingString url_of(const Credential& credential) { return json_text("https://" + credential.rp_id); }

std::string account_of(const Credential& credential) {
  return credential.user.name.value_or(credential.user.display_name.value_or(""));
}

WipingString pkcs8_base64(const Credential& credential, Base64 kind) {
  return encode_base64(crypto::pkcs8::encode(credential.algorithm, credential.private_key), kind);
}

WipingString to_pem(ByteView der) {
  const auto text = encode_base64(der, Base64::padded);
  WipingString pem;
  pem.reserve(text.size() + text.size() / kPemColumns + kPemBegin.size() + kPemEnd.size() + 4);
  pem.append(kPemBegin).append("\n");
  for (std::size_t at = 0; at < text.size(); at += kPemColumns) {
    pem.append(std::string_view{text}.substr(at, kPemColumns)).append("\n");
  }
  return pem.append(kPemEnd).append("\n");
}

std::size_t find_line(std::string_view text, std::string_view beginning) {
  for (std::size_t at = text.find(beginning); at != std::string_view::npos;
       at = text.find(beginning, at + 1)) {
    if (at == 0 || text[at - 1] == '\n') return at;
  }
  return std::string_view::npos;
}

std::expected<WipingBytes, std::string> from_pem(std::string_view text) {
  const auto begin = find_line(text, kPemBegin);
  const auto end = find_line(text, kPemEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    if (text.find("PRIVATE KEY-----") != std::string_view::npos) {
      return std::unexpected{std::string{
          "is a private key of another form than PKCS #8: convert it by openssl pkcs8 -topk8 -nocrypt"}};
    }
    return std::unexpected{std::string{"is no PEM private key"}};
  }
  WipingString base64;
  for (const char c : text.substr(begin + kPemBegin.size(), end - begin - kPemBegin.size())) {
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') base64 += c;
  }
  auto der = decode_base64(base64, Base64::padded);
  if (!der) return std::unexpected{std::string{"is a damaged PEM private key"}};
  return *std::move(der);
}

std::string date_text(std::int64_t unix_time) {
  const std::time_t time{unix_time};
  std::tm utc{};
  std::array<char, 64> text{};
  if (::gmtime_r(&time, &utc) == nullptr) return "1970-01-01T00:00:00.000Z";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.000Z", &utc)};
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  const std::string copy{text.substr(0, std::min(text.size(), std::size_t{40}))};
  std::tm utc{};
  if (::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &utc) == nullptr) return std::nullopt;
  return static_cast<std::int64_t>(::timegm(&utc));
}

}  // namespace fauxkey::exchange
