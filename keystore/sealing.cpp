#include "keystore/sealing.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace fauxkey::keystore {
namespace {

constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kOverhead = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kSizes = 8;
/// Counters take one such class, most credentials a 512.
constexpr std::size_t kSmallestClass = 64;

static_assert(MasterKey::size() == crypto_kdf_KEYBYTES);
static_assert(RecordKey::size() == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

/// The subkeys' numbers; never given to another use.
enum class Subkey : std::uint8_t { credentials = 1, counters = 2, records = 3, tags = 4 };

using Context = std::array<char, crypto_kdf_CONTEXTBYTES>;
constexpr Context kMasterContext{'f', 'x', 'k', 'm', 'a', 's', 't', 'r'};
constexpr Context kRecordContext{'f', 'x', 'k', 'r', 'e', 'c', 'r', 'd'};

RecordKey derive(const Secret<32>& from, std::uint64_t number, const Context& context) {
  RecordKey key;
  crypto_kdf_derive_from_key(key.data(), RecordKey::size(), number, context.data(), from.data());
  return key;
}

RecordKey derive(const MasterKey& master, Subkey subkey) {
  return derive(master, static_cast<std::uint64_t>(subkey), kMasterContext);
}

void write_u32(std::uint8_t* to, std::size_t value) {
  for (std::size_t i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::size_t read_u32(const std::uint8_t* from) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value |= static_cast<std::size_t>(from[i]) << (8 * i);
  return value;
}

}  // namespace

std::optional<Tag> tag_of(ByteView bytes) {
  Tag tag{};
  if (bytes.size() != tag.size()) return std::nullopt;
  std::ranges::copy(bytes, tag.begin());
  return tag;
}

Keys::Keys(const MasterKey& master)
    : credentials_{derive(master, Subkey::credentials)},
      counters_{derive(master, Subkey::counters)},
      records_{derive(master, Subkey::records)},
      tags_{derive(master, Subkey::tags)} {}

RecordKey Keys::record(RecordKind kind) const {
  return derive(records_, static_cast<std::uint64_t>(kind), kRecordContext);
}

Tag Keys::tag(char subject, ByteView first, ByteView second) const {
  Tag tag{};
  crypto_generichash_state state;
  crypto_generichash_init(&state, tags_.data(), RecordKey::size(), tag.size());
  const auto letter = static_cast<unsigned char>(subject);
  crypto_generichash_update(&state, &letter, 1);
  crypto_generichash_update(&state, first.data(), first.size());
  crypto_generichash_update(&state, second.data(), second.size());
  crypto_generichash_final(&state, tag.data(), tag.size());
  sodium_memzero(&state, sizeof state);
  return tag;
}

// Subjects are never given to another use; 'r' was format 1's tag of a relying party.
Tag Keys::store_id(ByteView fork) const { return tag('g', fork); }
Tag Keys::id_tag(ByteView credential_id) const { return tag('i', credential_id); }
Tag Keys::rp_tag(const RpIdHash& rp_id_hash, std::uint32_t slot) const {
  std::array<std::uint8_t, 4> number{};
  write_u32(number.data(), slot);
  return tag('s', rp_id_hash, number);
}
Tag Keys::counter_tag(const Tag& id_tag) const { return tag('c', id_tag); }
Tag Keys::record_tag(RecordKind kind) const {
  const auto number = static_cast<std::uint8_t>(kind);
  return tag('k', {&number, 1});
}
// The first part has a fixed size, so the two cannot be cut differently.
Tag Keys::user_tag(const RpIdHash& rp_id_hash, ByteView user_id) const {
  return tag('u', rp_id_hash, user_id);
}

Bytes associated_data(Table table, std::initializer_list<ByteView> tags, std::uint32_t format) {
  Bytes data{
      'f', 'a', 'u', 'x', 'k', 'e', 'y', static_cast<std::uint8_t>(format), static_cast<std::uint8_t>(table)};
  for (const ByteView tag : tags) append(data, tag);
  return data;
}

Bytes seal(const RecordKey& key, ByteView associated, ByteView map, ByteView secret, Random& random) {
  const std::size_t size = kSizes + map.size() + secret.size();
  if (size > kMaxSealed / 2) throw std::length_error{"a record is too large to seal"};
  SecretBytes plaintext{std::max(std::bit_ceil(size), kSmallestClass)};
  write_u32(plaintext.data(), map.size());
  write_u32(plaintext.data() + 4, secret.size());
  std::ranges::copy(map, plaintext.data() + kSizes);
  std::ranges::copy(secret, plaintext.data() + kSizes + map.size());

  Bytes sealed(kNonce + plaintext.size() + kOverhead);
  random.fill({sealed.data(), kNonce});
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data() + kNonce, nullptr, plaintext.data(),
                                             plaintext.size(), associated.data(), associated.size(), nullptr,
                                             sealed.data(), key.data());
  return sealed;
}

std::optional<Unsealed> unseal(const RecordKey& key, ByteView associated, ByteView sealed) {
  if (sealed.size() < kNonce + kSizes + kOverhead || sealed.size() > kMaxSealed) return std::nullopt;
  Unsealed out{SecretBytes{sealed.size() - kNonce - kOverhead}, {}, {}};
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          out.plaintext.data(), nullptr, nullptr, sealed.data() + kNonce, sealed.size() - kNonce,
          associated.data(), associated.size(), sealed.data(), key.data()) != 0) {
    return std::nullopt;
  }
  const std::size_t room = out.plaintext.size() - kSizes;
  const std::size_t map_size = read_u32(out.plaintext.data());
  const std::size_t secret_size = read_u32(out.plaintext.data() + 4);
  if (map_size > room || secret_size > room - map_size) return std::nullopt;
  out.map = out.plaintext.view().subspan(kSizes, map_size);
  out.secret = out.plaintext.view().subspan(kSizes + map_size, secret_size);
  return out;
}

}  // namespace fauxkey::keystore
