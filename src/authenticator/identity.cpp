#include "authenticator/identity.h"

#include <array>
#include <stdexcept>

#include "authenticator/store_status.h"
#include "crypto/aes.h"
#include "crypto/hash.h"

namespace fauxkey {

Identity::Identity(CredentialStore& store, Random& random) : store_{store}, random_{random} {
  const auto record = store.load(RecordKind::identity);
  if (!record) throw std::runtime_error{record.error().message};
  if (!*record) {
    if (!renew())
      throw std::runtime_error{"The keystore could not keep a new key's identity; see the line above."};
    return;
  }
  const ByteView bytes = **record;
  if (bytes.size() != token_.size() + identifier_.size()) {
    throw std::runtime_error{
        "The keystore's identity record is not one that this version understands; use the fauxkey that wrote "
        "it."};
  }
  token_ = Secret<32>::copy_of(bytes.first(token_.size()));
  identifier_ = Identifier::copy_of(bytes.subspan(token_.size()));
}

Result<void> Identity::revoke_persistent_token() { return keep(random_.secret<32>(), identifier_.clone()); }

Result<void> Identity::renew() { return keep(random_.secret<32>(), random_.secret<16>()); }

Bytes Identity::encrypted_identifier() const { return encrypt("encIdentifier", identifier_); }

Result<Bytes> Identity::encrypted_store_state() const {
  const auto revision = checked(store_.revision());
  if (!revision) return fail(revision.error());
  Bytes number;
  for (int shift = 56; shift >= 0; shift -= 8)
    number.push_back(static_cast<std::uint8_t>(*revision >> shift));
  const auto state = crypto::hmac_sha256(identifier_, {number});
  return encrypt("encCredStoreState", ByteView{state}.first<16>());
}

Result<void> Identity::keep(Secret<32> token, Identifier identifier) {
  SecretBytes record{token.size() + identifier.size()};
  std::ranges::copy(token.view(), record.data());
  std::ranges::copy(identifier.view(), record.data() + token.size());
  if (auto saved = checked(store_.save(RecordKind::identity, record)); !saved) return saved;
  token_ = std::move(token);
  identifier_ = std::move(identifier);
  return {};
}

Bytes Identity::encrypt(const char* purpose, ByteView value) const {
  constexpr std::array<std::uint8_t, 32> kZeroSalt{};
  const auto key = crypto::hkdf_sha256(token_, kZeroSalt, purpose);
  const auto iv = random_.bytes<crypto::kAesBlock>();
  Bytes out{iv.begin(), iv.end()};
  // HKDF's output of 16 bytes is the beginning of that of 32 (RFC 5869, 2.3).
  append(out, crypto::aes128_cbc_encrypt(key.view().first<16>(), iv, value));
  return out;
}

}  // namespace fauxkey
