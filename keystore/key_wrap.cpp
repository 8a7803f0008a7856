#include "keystore/key_wrap.h"

#include <new>
#include <optional>

#include "base/working.h"
#include "cbor/cbor.h"

namespace fauxkey::keystore {
namespace {

constexpr std::int64_t kWrapVersion = 1;
constexpr std::size_t kSalt = crypto_pwhash_argon2id_SALTBYTES;
constexpr std::size_t kMaxWrapped = 1024;

using cbor::Map;
using cbor::Value;
// Integers, not an enum: cbor::Value would take an enumerator as a bool.
using WrapField = std::int64_t;
constexpr WrapField kFieldVersion = 1;
constexpr WrapField kFieldKind = 2;
constexpr WrapField kFieldSalt = 3;
constexpr WrapField kFieldPasses = 4;
constexpr WrapField kFieldMemory = 5;
constexpr WrapField kFieldSealed = 6;

struct Header {
  UnlockSecret::Kind kind{};
  Bytes salt;
  Argon2Cost cost;

  [[nodiscard]] Map map() const {
    Map map{{kFieldVersion, kWrapVersion}, {kFieldKind, static_cast<std::uint8_t>(kind)}, {kFieldSalt, salt}};
    if (kind == UnlockSecret::Kind::passphrase) {
      map.emplace_back(kFieldPasses, cost.passes);
      map.emplace_back(kFieldMemory, cost.memory);
    }
    return map;
  }
};

struct Parsed {
  Header header;
  Bytes sealed;
};

std::optional<Parsed> parse(ByteView wrapped) {
  if (wrapped.size() > kMaxWrapped) return std::nullopt;
  const auto value = cbor::decode(wrapped);
  const Map* map = value ? value->as<Map>() : nullptr;
  if (map == nullptr) return std::nullopt;
  const auto integer = [&](WrapField field) -> std::uint64_t {
    const Value* found = cbor::find(*map, field);
    const auto* number = found != nullptr ? found->as_unsigned() : nullptr;
    return number != nullptr ? *number : 0;
  };
  const auto bytes = [&](WrapField field) -> Bytes {
    const Value* found = cbor::find(*map, field);
    const auto* string = found != nullptr ? found->as<Bytes>() : nullptr;
    return string != nullptr ? *string : Bytes{};
  };
  Parsed parsed{{static_cast<UnlockSecret::Kind>(integer(kFieldKind)),
                 bytes(kFieldSalt),
                 {integer(kFieldPasses), integer(kFieldMemory)}},
                bytes(kFieldSealed)};
  const Header& header = parsed.header;
  if (integer(kFieldVersion) != kWrapVersion || header.salt.size() != kSalt) return std::nullopt;
  if (integer(kFieldKind) != static_cast<std::uint8_t>(header.kind)) return std::nullopt;
  if (header.kind == UnlockSecret::Kind::key) return parsed;
  if (header.kind != UnlockSecret::Kind::passphrase) return std::nullopt;
  return is_bearable(header.cost) ? std::optional{std::move(parsed)} : std::nullopt;
}

Secret<32> wrapping_key(const Header& header, const UnlockSecret& secret) {
  Secret<32> key;
  std::optional<Working> working;
  if (header.kind == UnlockSecret::Kind::passphrase) working.emplace("Turning the passphrase into a key");
  if (header.kind == UnlockSecret::Kind::key) {
    crypto_generichash(key.data(), key.size(), header.salt.data(), header.salt.size(), secret.bytes.data(),
                       secret.bytes.size());
  } else if (crypto_pwhash_argon2id(key.data(), key.size(),
                                    reinterpret_cast<const char*>(secret.bytes.data()), secret.bytes.size(),
                                    header.salt.data(), header.cost.passes, header.cost.memory,
                                    crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    throw std::bad_alloc{};
  }
  return key;
}

/// What the sealed master key is bound to.
Bytes associated(const Header& header) {
  Bytes data{'f', 'a', 'u', 'x', 'k', 'e', 'y', ' ', 'm', 'a', 's', 't', 'e', 'r'};
  append(data, cbor::encode(header.map()));
  return data;
}

}  // namespace

Bytes wrap(const MasterKey& master, const UnlockSecret& secret, const Argon2Cost& cost, Random& random) {
  Header header{secret.kind, Bytes(kSalt), cost};
  random.fill(header.salt);
  Map map = header.map();
  map.emplace_back(kFieldSealed, seal(wrapping_key(header, secret), associated(header), {}, master, random));
  return cbor::encode(map);
}

std::optional<Wrapping> wrapping_of(ByteView wrapped) {
  const auto parsed = parse(wrapped);
  return parsed ? std::optional{Wrapping{parsed->header.kind, parsed->header.cost}} : std::nullopt;
}

std::optional<MasterKey> unwrap(ByteView wrapped, const UnlockSecret& secret) {
  const auto parsed = parse(wrapped);
  if (!parsed || parsed->header.kind != secret.kind) return std::nullopt;
  const auto opened =
      unseal(wrapping_key(parsed->header, secret), associated(parsed->header), parsed->sealed);
  if (!opened || opened->secret.size() != MasterKey::size()) return std::nullopt;
  return MasterKey::copy_of(opened->secret);
}

}  // namespace fauxkey::keystore
