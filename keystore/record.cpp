#include "keystore/record.h"

#include <algorithm>
#include <limits>
#include <string>

#include "cbor/cbor.h"

namespace fauxkey::keystore {
namespace {

constexpr std::int64_t kVersion = 1;

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
  explicit Reader(const Map& map) : map_{map} {
    if (integer(Field::version) != kVersion) failed_ = true;
  }
  [[nodiscard]] bool failed() const { return failed_; }

  std::int64_t integer(Field field) {
    const Value* value = find(field);
    const auto number = value != nullptr ? value->as_integer() : std::nullopt;
    if (!number) failed_ = true;
    return number.value_or(0);
  }
  bool boolean(Field field) {
    const Value* value = find(field);
    const bool* flag = value != nullptr ? value->as<bool>() : nullptr;
    if (flag == nullptr) failed_ = true;
    return flag != nullptr && *flag;
  }
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

}  // namespace

EncodedCredential encode_credential(const Credential& credential) {
  Map map;
  add(map, Field::version, kVersion);
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

  EncodedCredential encoded{cbor::encode(map), SecretBytes{2 * kCredRandom + credential.private_key.size()}};
  std::uint8_t* to = encoded.secret.data();
  to = std::ranges::copy(credential.cred_random_without_uv.view(), to).out;
  to = std::ranges::copy(credential.cred_random_with_uv.view(), to).out;
  std::ranges::copy(credential.private_key.view(), to);
  return encoded;
}

std::optional<Credential> decode_credential(ByteView bytes, ByteView secret) {
  const auto map = decode_map(bytes);
  if (!map || secret.size() < 2 * kCredRandom) return std::nullopt;
  Reader reader{*map};
  Credential credential;
  credential.id = reader.bytes(Field::id);
  const Bytes rp_id_hash = reader.bytes(Field::rp_id_hash);
  credential.rp_id = reader.text(Field::rp_id).value_or("");
  credential.rp_name = reader.text(Field::rp_name);
  credential.user.id = reader.bytes(Field::user_id);
  credential.user.name = reader.text(Field::user_name);
  credential.user.display_name = reader.text(Field::user_display_name);
  const std::int64_t algorithm = reader.integer(Field::algorithm);
  const std::int64_t cred_protect = reader.integer(Field::cred_protect);
  credential.discoverable = reader.boolean(Field::discoverable);
  credential.created_at = reader.integer(Field::created_at);

  const bool known_algorithm = algorithm == static_cast<std::int64_t>(Algorithm::es256) ||
                               algorithm == static_cast<std::int64_t>(Algorithm::eddsa);
  const bool known_level = cred_protect >= static_cast<std::int64_t>(CredProtect::optional) &&
                           cred_protect <= static_cast<std::int64_t>(CredProtect::required);
  if (reader.failed() || rp_id_hash.size() != credential.rp_id_hash.size() || !known_algorithm ||
      !known_level) {
    return std::nullopt;
  }
  std::ranges::copy(rp_id_hash, credential.rp_id_hash.begin());
  credential.algorithm = static_cast<Algorithm>(algorithm);
  credential.cred_protect = static_cast<CredProtect>(cred_protect);
  credential.cred_random_without_uv = Secret<kCredRandom>::copy_of(secret.first(kCredRandom));
  credential.cred_random_with_uv = Secret<kCredRandom>::copy_of(secret.subspan(kCredRandom, kCredRandom));
  credential.private_key = SecretBytes::copy_of(secret.subspan(2 * kCredRandom));
  return credential;
}

Bytes encode_counter(std::uint32_t count) {
  Map map;
  add(map, Field::version, kVersion);
  add(map, Field::count, count);
  return cbor::encode(map);
}

std::optional<std::uint32_t> decode_counter(ByteView bytes) {
  const auto map = decode_map(bytes);
  if (!map) return std::nullopt;
  Reader reader{*map};
  const std::int64_t count = reader.integer(Field::count);
  if (reader.failed() || count < 0 || count > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(count);
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
