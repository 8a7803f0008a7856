#include "authenticator/wrapped_credential.h"

#include <sodium.h>

#include <stdexcept>
#include <string_view>

#include "cbor/cbor.h"
#include "crypto/hash.h"

namespace fauxkey {
namespace {

// An id is: format version (1) | nonce (24) | XChaCha20-Poly1305 of a CBOR map | tag (16).
constexpr std::uint8_t kWrappedVersion = 1;
constexpr std::size_t kNonceSize = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagSize = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kHeaderSize = 1 + kNonceSize;
constexpr std::size_t kMaxIdSize = 255;

// Members of the map.
constexpr int kAlgorithm = 1;
constexpr int kPrivateKey = 2;
constexpr int kCredProtect = 3;
constexpr int kThirdPartyPayment = 4;  // absent: false

/// What the id is bound to besides its own bytes: the format and the relying party.
Bytes associated_data(const RpIdHash& rp_id_hash) {
  Bytes data{kWrappedVersion};
  append(data, rp_id_hash);
  return data;
}

/// The values are functions of the id, so they need no room in it.
void derive_cred_random(Credential& credential, const WrapKey& key) {
  const auto derive = [&](std::string_view purpose) {
    const ByteView label{reinterpret_cast<const std::uint8_t*>(purpose.data()), purpose.size()};
    return crypto::hmac_sha256_secret(key, {label, credential.id});
  };
  credential.cred_random_without_uv = derive("CredRandom without user verification");
  credential.cred_random_with_uv = derive("CredRandom with user verification");
}

}  // namespace

void wrap(Credential& credential, const WrapKey& key, Random& random) {
  cbor::Map map{{kAlgorithm, static_cast<int>(credential.algorithm)},
                {kPrivateKey, cbor::Value::bytes(credential.private_key)},
                {kCredProtect, static_cast<int>(credential.cred_protect)}};
  if (credential.third_party_payment) map.emplace_back(kThirdPartyPayment, true);
  Bytes content = cbor::encode(map);
  const auto nonce = random.bytes<kNonceSize>();
  const Bytes bound_to = associated_data(credential.rp_id_hash);

  Bytes id{kWrappedVersion};
  append(id, nonce);
  id.resize(kHeaderSize + content.size() + kTagSize);
  crypto_aead_xchacha20poly1305_ietf_encrypt(id.data() + kHeaderSize, nullptr, content.data(), content.size(),
                                             bound_to.data(), bound_to.size(), nullptr, nonce.data(),
                                             key.data());
  sodium_memzero(content.data(), content.size());
  if (id.size() > kMaxIdSize) throw std::logic_error{"a wrapped credential is too long for an id"};
  credential.id = std::move(id);
  derive_cred_random(credential, key);
}

std::optional<Credential> unwrap(ByteView id, const RpIdHash& rp_id_hash, const WrapKey& key) {
  if (id.size() <= kHeaderSize + kTagSize || id.size() > kMaxIdSize || id[0] != kWrappedVersion)
    return std::nullopt;
  const ByteView sealed = id.subspan(kHeaderSize);
  const Bytes bound_to = associated_data(rp_id_hash);
  SecretBytes content{sealed.size() - kTagSize};
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(content.data(), nullptr, nullptr, sealed.data(),
                                                 sealed.size(), bound_to.data(), bound_to.size(),
                                                 id.data() + 1, key.data()) != 0) {
    return std::nullopt;
  }
  // It is authentic, so it is what wrap() made.
  auto decoded = cbor::decode(content);
  const auto* map = decoded ? decoded->as<cbor::Map>() : nullptr;
  if (map == nullptr) return std::nullopt;
  const auto* algorithm = cbor::find(*map, kAlgorithm);
  const auto* private_key = cbor::find(*map, kPrivateKey);
  const auto* cred_protect = cbor::find(*map, kCredProtect);
  if (algorithm == nullptr || private_key == nullptr || cred_protect == nullptr) return std::nullopt;
  const auto* key_bytes = private_key->as<Bytes>();
  if (key_bytes == nullptr) return std::nullopt;

  Credential credential;
  credential.id.assign(id.begin(), id.end());
  credential.rp_id_hash = rp_id_hash;
  credential.algorithm = static_cast<Algorithm>(algorithm->as_integer().value_or(0));
  credential.cred_protect = static_cast<CredProtect>(cred_protect->as_integer().value_or(0));
  credential.third_party_payment = cbor::find(*map, kThirdPartyPayment) != nullptr;
  credential.private_key = SecretBytes::copy_of(*key_bytes);
  // The decoded map is ordinary memory: wipe the copy of the key in it.
  sodium_memzero(const_cast<std::uint8_t*>(key_bytes->data()), key_bytes->size());
  derive_cred_random(credential, key);
  return credential;
}

}  // namespace fauxkey
