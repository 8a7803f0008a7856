#include "keystore/record.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "cbor/cbor.h"

namespace fauxkey::keystore {
namespace {

constexpr std::int64_t kVersion = 1;
/// A credential's record. Version 1 had no extensions but credProtect and hmac-secret, version 2 neither the
/// backup flags nor credentials without a counter; what is absent is read as not there, and the record is
/// written as version 3 when its credential is next updated. A fauxkey that knows older versions only refuses
/// newer ones, so that it cannot lose what it does not know.
constexpr std::int64_t kCredentialVersion = 3;

/// The maps' keys; never given to another use. Texts are stored as byte strings, so that whatever a relying
/// party sent can be read again.
enum class Field : std::uint8_t {
  version = 1,
  id,
  rp_id_hash,
  rp_id,
  rp_name,
  user_id,
  user_name,
  user_display_name,
  algorithm,
  cred_protect,
  discoverable,
  created_at,
  count,
  cred_blob,
  third_party_payment,
  has_large_blob_key,
  supports_large_blob,
  large_blob,
  large_blob_original_size,
  backup_eligible,
  backed_up,
  without_counter,
  // up to 29 for what extensions add
  last_used = 30,
  sequence,
  slot,
};

using cbor::Map;
using cbor::Value;

void add(Map& map, Field field, Value value) {
  map.emplace_back(static_cast<std::uint8_t>(field), std::move(value));
}
void add(Map& map, Field field, const std::optional<std::string>& text) {
  if (text) add(map, field, Bytes{text->begin(), text->end()});
}

/// Reads fields; remembers whether one was missing or of another type.
class Reader {
 public:
  explicit Reader(const Map& map, std::int64_t newest = kVersion) : map_{map} {
    const auto version = integer(Field::version);
    if (version < kVersion || version > newest) failed_ = true;
  }
  [[nodiscard]] bool failed() const { return failed_; }

  std::int64_t integer(Field field) {
    const Value* value = find(field);
    const auto number = value != nullptr ? value->as_integer() : std::nullopt;
    if (!number) failed_ = true;
    return number.value_or(0);
  }
  [[nodiscard]] bool has(Field field) const { return find(field) != nullptr; }
  std::uint64_t number(Field field) {
    const Value* value = find(field);
    const auto* typed = value != nullptr ? value->as<std::uint64_t>() : nullptr;
    if (typed == nullptr) failed_ = true;
    return typed != nullptr ? *typed : 0;
  }
  bool boolean(Field field) {
    const Value* value = find(field);
    const bool* flag = value != nullptr ? value->as<bool>() : nullptr;
    if (flag == nullptr) failed_ = true;
    return flag != nullptr && *flag;
  }
  /// False where it is absent.
  bool flag(Field field) { return has(field) && boolean(field); }
  Bytes bytes(Field field) {
    const Value* value = find(field);
    const Bytes* bytes = value != nullptr ? value->as<Bytes>() : nullptr;
    if (bytes == nullptr) failed_ = true;
    return bytes != nullptr ? *bytes : Bytes{};
  }
  std::optional<std::string> text(Field field) {
    if (find(field) == nullptr) return std::nullopt;
    const Bytes text = bytes(field);
    return std::string{text.begin(), text.end()};
  }

 private:
  [[nodiscard]] const Value* find(Field field) const {
    return cbor::find(map_, static_cast<std::uint8_t>(field));
  }

  const Map& map_;
  bool failed_ = false;
};

std::optional<Map> decode_map(ByteView bytes) {
  const auto value = cbor::decode(bytes);
  const Map* map = value ? value->as<Map>() : nullptr;
  return map != nullptr ? std::optional{*map} : std::nullopt;
}

constexpr std::size_t kCredRandom = 32;
constexpr std::size_t kLargeBlobKey = 32;

std::optional<Algorithm> known_algorithm(std::int64_t number) {
  const auto* const found = std::ranges::find(
      kAlgorithms, number, [](Algorithm algorithm) { return static_cast<std::int64_t>(algorithm); });
  return found != kAlgorithms.end() ? std::optional{*found} : std::nullopt;
}

}  // namespace

EncodedCredential encode_credential(const Credential& credential, const Standing& standing) {
  Map map;
  add(map, Field::version, kCredentialVersion);
  add(map, Field::id, credential.id);
  add(map, Field::rp_id_hash, Value::bytes(credential.rp_id_hash));
  add(map, Field::rp_id, Bytes{credential.rp_id.begin(), credential.rp_id.end()});
  add(map, Field::rp_name, credential.rp_name);
  add(map, Field::user_id, credential.user.id);
  add(map, Field::user_name, credential.user.name);
  add(map, Field::user_display_name, credential.user.display_name);
  add(map, Field::algorithm, static_cast<std::int32_t>(credential.algorithm));
  add(map, Field::cred_protect, static_cast<std::uint8_t>(credential.cred_protect));
  add(map, Field::discoverable, credential.discoverable);
  add(map, Field::created_at, credential.created_at);
  if (!credential.cred_blob.empty()) add(map, Field::cred_blob, credential.cred_blob);
  if (credential.third_party_payment) add(map, Field::third_party_payment, true);
  if (!credential.large_blob_key.empty()) add(map, Field::has_large_blob_key, true);
  if (credential.supports_large_blob) add(map, Field::supports_large_blob, true);
  if (credential.large_blob) {
    add(map, Field::large_blob, credential.large_blob->bytes);
    add(map, Field::large_blob_original_size, credential.large_blob->original_size);
  }
  if (credential.backup_eligible) add(map, Field::backup_eligible, true);
  if (credential.backed_up) add(map, Field::backed_up, true);
  if (!credential.counts_signatures) add(map, Field::without_counter, true);
  add(map, Field::sequence, standing.sequence);
  add(map, Field::slot, standing.slot);

  EncodedCredential encoded{
      cbor::encode(map),
      SecretBytes{2 * kCredRandom + credential.large_blob_key.size() + credential.private_key.size()}};
  std::uint8_t* to = encoded.secret.data();
  to = std::ranges::copy(credential.cred_random_without_uv.view(), to).out;
  to = std::ranges::copy(credential.cred_random_with_uv.view(), to).out;
  to = std::ranges::copy(credential.large_blob_key.view(), to).out;
  std::ranges::copy(credential.private_key.view(), to);
  return encoded;
}

namespace {
std::optional<RpIdHash> read_rp_id_hash(Reader& reader) {
  const Bytes bytes = reader.bytes(Field::rp_id_hash);
  RpIdHash hash{};
  if (bytes.size() != hash.size()) return std::nullopt;
  std::ranges::copy(bytes, hash.begin());
  return hash;
}

std::optional<Standing> read_standing(Reader& reader) {
  const auto hash = read_rp_id_hash(reader);
  const std::uint64_t sequence = reader.has(Field::sequence) ? reader.number(Field::sequence) : 0;
  const std::uint64_t slot = reader.has(Field::slot) ? reader.number(Field::slot) : 0;
  if (!hash || slot > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return Standing{sequence, static_cast<std::uint32_t>(slot), *hash};
}
}  // namespace

std::optional<Standing> decode_standing(ByteView bytes) {
  const auto map = decode_map(bytes);
  if (!map) return std::nullopt;
  Reader reader{*map, kCredentialVersion};
  const auto standing = read_standing(reader);
  return reader.failed() ? std::nullopt : standing;
}

std::optional<Credential> decode_credential(ByteView bytes, ByteView secret) {
  auto stored = decode_stored(bytes, secret);
  if (!stored) return std::nullopt;
  return std::move(stored->credential);
}

std::optional<StoredCredential> decode_stored(ByteView bytes, ByteView secret) {
  const auto map = decode_map(bytes);
  if (!map || secret.size() < 2 * kCredRandom) return std::nullopt;
  Reader reader{*map, kCredentialVersion};
  Credential credential;
  credential.id = reader.bytes(Field::id);
  const auto standing = read_standing(reader);
  credential.rp_id = reader.text(Field::rp_id).value_or("");
  credential.rp_name = reader.text(Field::rp_name);
  credential.user.id = reader.bytes(Field::user_id);
  credential.user.name = reader.text(Field::user_name);
  credential.user.display_name = reader.text(Field::user_display_name);
  const auto algorithm = known_algorithm(reader.integer(Field::algorithm));
  const std::int64_t cred_protect = reader.integer(Field::cred_protect);
  credential.discoverable = reader.boolean(Field::discoverable);
  credential.created_at = reader.integer(Field::created_at);

  if (reader.has(Field::cred_blob)) credential.cred_blob = reader.bytes(Field::cred_blob);
  credential.third_party_payment = reader.flag(Field::third_party_payment);
  credential.supports_large_blob = reader.flag(Field::supports_large_blob);
  if (reader.has(Field::large_blob)) {
    credential.large_blob =
        LargeBlob{reader.bytes(Field::large_blob), reader.number(Field::large_blob_original_size)};
  }
  credential.backup_eligible = reader.flag(Field::backup_eligible);
  credential.backed_up = reader.flag(Field::backed_up);
  credential.counts_signatures = !reader.flag(Field::without_counter);
  const std::size_t large_blob_key = reader.flag(Field::has_large_blob_key) ? kLargeBlobKey : 0;
  const std::size_t private_key_at = 2 * kCredRandom + large_blob_key;

  const bool known_level = cred_protect >= static_cast<std::int64_t>(CredProtect::optional) &&
                           cred_protect <= static_cast<std::int64_t>(CredProtect::required);
  if (reader.failed() || !standing || !algorithm || !known_level || secret.size() < private_key_at) {
    return std::nullopt;
  }
  credential.rp_id_hash = standing->rp_id_hash;
  credential.algorithm = *algorithm;
  credential.cred_protect = static_cast<CredProtect>(cred_protect);
  credential.cred_random_without_uv = Secret<kCredRandom>::copy_of(secret.first(kCredRandom));
  credential.cred_random_with_uv = Secret<kCredRandom>::copy_of(secret.subspan(kCredRandom, kCredRandom));
  credential.large_blob_key = SecretBytes::copy_of(secret.subspan(2 * kCredRandom, large_blob_key));
  credential.private_key = SecretBytes::copy_of(secret.subspan(private_key_at));
  return StoredCredential{std::move(credential), *standing};
}

Bytes encode_counter(const SignCounter& counter) {
  Map map;
  add(map, Field::version, kVersion);
  add(map, Field::count, counter.count);
  if (counter.last_used != 0) add(map, Field::last_used, counter.last_used);
  return cbor::encode(map);
}

std::optional<SignCounter> decode_counter(ByteView bytes) {
  const auto map = decode_map(bytes);
  if (!map) return std::nullopt;
  Reader reader{*map};
  const std::int64_t count = reader.integer(Field::count);
  const std::int64_t last_used = reader.has(Field::last_used) ? reader.integer(Field::last_used) : 0;
  if (reader.failed() || count < 0 || count > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return SignCounter{static_cast<std::uint32_t>(count), last_used};
}

Bytes encode_tally(const Tally& tally) {
  Bytes bytes;
  for (const std::uint64_t number : {tally.revision, tally.credentials, tally.counters, tally.records}) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(number >> shift));
  }
  return bytes;
}

std::optional<Tally> decode_tally(ByteView bytes) {
  Tally tally;
  const std::array numbers{&tally.revision, &tally.credentials, &tally.counters, &tally.records};
  if (bytes.size() != numbers.size() * sizeof(std::uint64_t)) return std::nullopt;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::uint64_t& number = *numbers.at(i / sizeof(std::uint64_t));
    number = number << 8 | bytes[i];
  }
  return tally;
}

Bytes encode_state() {
  Map map;
  add(map, Field::version, kVersion);
  return cbor::encode(map);
}

bool is_state(ByteView bytes) {
  const auto map = decode_map(bytes);
  return map && !Reader{*map}.failed();
}

}  // namespace fauxkey::keystore
