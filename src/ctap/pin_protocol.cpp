#include "ctap/pin_protocol.h"

#include "crypto/aes.h"
#include "crypto/hash.h"

namespace fauxkey::ctap {
namespace {

// COSE_Key of an ECDH-ES+HKDF-256 key; the algorithm is named so although no such KDF is used (6.5.6).
constexpr int kKty = 1, kAlg = 3, kCrv = -1, kX = -2, kY = -3;
constexpr int kKtyEc2 = 2, kAlgEcdhEsHkdf256 = -25, kCrvP256 = 1;
constexpr std::array<std::uint8_t, 32> kZeroSalt{};
constexpr std::array<std::uint8_t, crypto::kAesBlock> kZeroIv{};

bool member_is(const cbor::Map& key, int label, std::int64_t expected) {
  const auto* value = cbor::find(key, label);
  return value != nullptr && value->as_integer() == expected;
}

bool copy_coordinate(const cbor::Map& key, int label, std::array<std::uint8_t, 32>& out) {
  const auto* value = cbor::find(key, label);
  const auto* bytes = value != nullptr ? value->as<Bytes>() : nullptr;
  if (bytes == nullptr || bytes->size() != out.size()) return false;
  std::ranges::copy(*bytes, out.begin());
  return true;
}

crypto::AesKey aes_key(PinProtocol::Version version, const SharedSecret& secret) {
  return secret.view().subspan(version == PinProtocol::Version::one ? 0 : 32).first<32>();
}

}  // namespace

PinProtocol::PinProtocol(Version version, Random& random)
    : version_{version},
      random_{&random},
      agreement_key_{crypto::p256::generate(random)},
      token_{random.secret<32>()} {}

void PinProtocol::regenerate() { agreement_key_ = crypto::p256::generate(*random_); }

void PinProtocol::reset_token() { token_ = random_->secret<32>(); }

cbor::Value PinProtocol::public_key() const {
  const auto point = crypto::p256::public_key(agreement_key_);
  return cbor::Map{{kKty, kKtyEc2},
                   {kAlg, kAlgEcdhEsHkdf256},
                   {kCrv, kCrvP256},
                   {kX, cbor::Value::bytes(point.x)},
                   {kY, cbor::Value::bytes(point.y)}};
}

Result<SharedSecret> PinProtocol::decapsulate(const cbor::Map& platform_key) const {
  crypto::p256::PublicKey point;
  if (!member_is(platform_key, kKty, kKtyEc2) || !member_is(platform_key, kAlg, kAlgEcdhEsHkdf256) ||
      !member_is(platform_key, kCrv, kCrvP256) || !copy_coordinate(platform_key, kX, point.x) ||
      !copy_coordinate(platform_key, kY, point.y)) {
    return fail(Status::invalid_parameter,
                "6.5.6: keyAgreement is no COSE_Key of kty 2, alg -25, crv 1 with x and y of 32 bytes");
  }
  const auto z = crypto::p256::ecdh(agreement_key_, point);
  if (!z) return fail(Status::invalid_parameter, "6.5.6: keyAgreement is no point of the curve P-256");
  if (version_ == Version::one) {
    auto digest = crypto::sha256(*z);
    auto secret = SharedSecret::copy_of(digest);
    sodium_memzero(digest.data(), digest.size());
    return secret;
  }
  const auto hmac_key = crypto::hkdf_sha256(*z, kZeroSalt, "CTAP2 HMAC key");
  const auto aes = crypto::hkdf_sha256(*z, kZeroSalt, "CTAP2 AES key");
  SharedSecret secret{64};
  std::ranges::copy(hmac_key.view(), secret.data());
  std::ranges::copy(aes.view(), secret.data() + 32);
  return secret;
}

Bytes PinProtocol::encrypt(const SharedSecret& secret, ByteView plaintext) const {
  const auto key = aes_key(version_, secret);
  if (version_ == Version::one) return crypto::aes256_cbc_encrypt(key, kZeroIv, plaintext);
  const auto iv = random_->bytes<crypto::kAesBlock>();
  Bytes out{iv.begin(), iv.end()};
  append(out, crypto::aes256_cbc_encrypt(key, iv, plaintext));
  return out;
}

Result<SecretBytes> PinProtocol::decrypt(const SharedSecret& secret, ByteView ciphertext) const {
  std::array<std::uint8_t, crypto::kAesBlock> iv = kZeroIv;
  if (version_ == Version::two) {
    if (ciphertext.size() < iv.size())
      return fail(Status::invalid_parameter, "6.5.7: the ciphertext is shorter than its IV of 16 bytes");
    std::ranges::copy(ciphertext.first(iv.size()), iv.begin());
    ciphertext = ciphertext.subspan(iv.size());
  }
  if (ciphertext.empty() || ciphertext.size() % crypto::kAesBlock != 0)
    return fail(Status::invalid_parameter, "6.5.7: the ciphertext is no multiple of 16 bytes");
  return crypto::aes256_cbc_decrypt(aes_key(version_, secret), iv, ciphertext);
}

bool PinProtocol::verify(ByteView key, std::initializer_list<ByteView> message, ByteView signature) const {
  const auto expected = crypto::hmac_sha256(key.first(32), message);
  return equal_in_constant_time(ByteView{expected}.first(version_ == Version::one ? 16 : 32), signature);
}

}  // namespace fauxkey::ctap
