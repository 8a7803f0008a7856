// PKCS #8 as PEM (RFC 7468), one block a credential. Whose a key is stands in lines before its block, which
// programs that read keys skip (RFC 7468, 2, "explanatory text"):
//
//   # fauxkey: {"credentialId": "…", "rpId": "example.com", "userHandle": "…", …}
#include "keystore/exchange/pem.h"

#include "crypto/pkcs8.h"
#include "keystore/exchange/fields.h"

namespace fauxkey::exchange {
namespace {

constexpr std::string_view kMark = "# fauxkey: ";
constexpr std::string_view kEnd = "-----END ";

/// The members that a block's line may have, or the command line.
constexpr const char* kId = "credentialId";
constexpr const char* kRpId = "rpId";
constexpr const char* kUserHandle = "userHandle";
constexpr const char* kUserName = "userName";
constexpr const char* kUserDisplayName = "userDisplayName";
constexpr const char* kSignCount = "signCount";
constexpr const char* kCounts = "countsSignatures";
constexpr const char* kBackupEligible = "backupEligible";
constexpr const char* kDiscoverable = "discoverable";

constexpr std::size_t kFreshId = 32;

WipingString url(ByteView bytes) { return encode_base64(bytes, Base64::url); }

/// The line as if it stood in the file, of what the command line says.
JsonIn line_of(const ReadTerms& terms) {
  if (!terms.rp_id) {
    throw FormatError{
        "does not say whose its private key is: give --rp RP_ID, and what is known of --credential-id, "
        "--user-handle, --user and --display-name"};
  }
  JsonIn line = JsonIn::object();
  line[kRpId] = json_text(*terms.rp_id);
  line[kId] = url(terms.credential_id.value_or(Bytes{}));
  if (terms.user_handle) line[kUserHandle] = url(*terms.user_handle);
  if (terms.user_name) line[kUserName] = json_text(*terms.user_name);
  if (terms.user_display_name) line[kUserDisplayName] = json_text(*terms.user_display_name);
  return line;
}

Moving read_pem_credential(const JsonIn& line, ByteView der, const Place& key, const ReadTerms& terms) {
  const Place fields{line};
  const auto id = fields.at(kId);
  auto bytes = id.base64();
  if (bytes.empty()) append(bytes, terms.random.bytes<kFreshId>());
  auto moving = new_moving(terms, id, bytes, fields.at(kRpId));
  Credential& credential = moving.credential;
  set_private_key(moving, key, der);
  set_user_handle(moving, fields.find(kUserHandle));
  set_name(credential.user.name, fields.find(kUserName));
  set_name(credential.user.display_name, fields.find(kUserDisplayName));
  if (const auto count = fields.find(kSignCount)) moving.sign_count = sign_count_at(*count);
  credential.counts_signatures = fields.flag(kCounts, true);
  set_backup(moving, terms, fields.flag(kBackupEligible, false));
  set_discoverable(moving, fields.flag(kDiscoverable, !credential.user.id.empty()), fields);
  return moving;
}

}  // namespace

JsonOut write_pkcs8(const Moving& moving, const WriteTerms& /*terms*/) {
  const Credential& credential = moving.credential;
  JsonOut line{{kId, url(credential.id)},
               {kRpId, json_text(credential.rp_id)},
               {kUserHandle, url(credential.user.id)},
               {kSignCount, moving.sign_count},
               {kCounts, credential.counts_signatures},
               {kBackupEligible, credential.backup_eligible},
               {kDiscoverable, credential.discoverable}};
  if (credential.user.name) line[kUserName] = json_text(*credential.user.name);
  if (credential.user.display_name) line[kUserDisplayName] = json_text(*credential.user.display_name);
  WipingString text{kMark};
  text += line.dump(-1, ' ', false, JsonOut::error_handler_t::replace);
  text += "\n";
  text += to_pem(crypto::pkcs8::encode(credential.algorithm, credential.private_key));
  return text;
}

WipingBytes finish_pkcs8(JsonOut&& elements, const WriteTerms& /*terms*/) {
  WipingBytes file;
  for (const auto& element : elements) append(file, bytes_of(element.get_ref<const WipingString&>()));
  return file;
}

void read_pkcs8(const Place& document, const ReadTerms& terms, const Sink& sink) {
  std::string_view rest = document.text();
  for (std::size_t number = 1; number == 1 || find_line(rest, kEnd) != std::string_view::npos; ++number) {
    const auto end = std::min(find_line(rest, kEnd), rest.size());
    const auto block = rest.substr(0, std::min(rest.find('\n', end), rest.size()));
    rest.remove_prefix(block.size());
    const auto place = document.named("key " + std::to_string(number));
    const auto der = from_pem(block);
    if (!der) throw place.error(der.error());
    const auto mark = find_line(block, kMark);
    JsonIn line;
    if (mark == std::string_view::npos) {
      line = line_of(terms);
    } else {
      const auto begin = mark + kMark.size();
      line = parse_json(bytes_of(block.substr(begin, block.find('\n', begin) - begin)));
    }
    sink(read_pem_credential(line, *der, place, terms), place.path());
  }
}

}  // namespace fauxkey::exchange
