#include "crypto/hash.h"

#include <array>

#include "crypto/psa.h"

namespace fauxkey::crypto {
namespace {

constexpr psa_algorithm_t kHmac = PSA_ALG_HMAC(PSA_ALG_SHA_256);

// One operation that ends with its scope, whatever throws between.
struct HashOperation {
  HashOperation() = default;
  HashOperation(const HashOperation&) = delete;
  HashOperation& operator=(const HashOperation&) = delete;
  ~HashOperation() { psa_hash_abort(&operation); }
  psa_hash_operation_t operation = psa_hash_operation_init();
};

struct MacOperation {
  MacOperation() = default;
  MacOperation(const MacOperation&) = delete;
  MacOperation& operator=(const MacOperation&) = delete;
  ~MacOperation() { psa_mac_abort(&operation); }
  psa_mac_operation_t operation = psa_mac_operation_init();
};

void hmac(ByteView key, std::initializer_list<ByteView> parts, std::span<std::uint8_t, 32> out) {
  // HMAC pads a key with zeros to SHA-256's block (RFC 2104, 2), so one zero byte says the same as no key at
  // all, which PSA does not import.
  static constexpr std::array<std::uint8_t, 1> kEmptyKey{};
  if (key.empty()) key = kEmptyKey;

  const auto lock = psa::enter();
  const psa::Key imported{key, PSA_KEY_TYPE_HMAC, PSA_KEY_USAGE_SIGN_MESSAGE | PSA_KEY_USAGE_SIGN_HASH,
                          kHmac};
  MacOperation mac;
  psa::check(psa_mac_sign_setup(&mac.operation, imported.id(), kHmac));
  for (const ByteView part : parts) psa::check(psa_mac_update(&mac.operation, part.data(), part.size()));
  std::size_t length = 0;
  psa::check(psa_mac_sign_finish(&mac.operation, out.data(), out.size(), &length));
}

}  // namespace

Sha256Hash sha256(std::initializer_list<ByteView> parts) {
  const auto lock = psa::enter();
  HashOperation hash;
  psa::check(psa_hash_setup(&hash.operation, PSA_ALG_SHA_256));
  for (const ByteView part : parts) psa::check(psa_hash_update(&hash.operation, part.data(), part.size()));
  Sha256Hash out{};
  std::size_t length = 0;
  psa::check(psa_hash_finish(&hash.operation, out.data(), out.size(), &length));
  return out;
}

Sha256Hash sha256(std::string_view text) {
  return sha256(ByteView{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

Sha256Hash hmac_sha256(ByteView key, std::initializer_list<ByteView> parts) {
  Sha256Hash out{};
  hmac(key, parts, out);
  return out;
}

Secret<32> hmac_sha256_secret(ByteView key, std::initializer_list<ByteView> parts) {
  Secret<32> out;
  hmac(key, parts, out.span());
  return out;
}

Secret<32> hkdf_sha256(ByteView input_key, ByteView salt, std::string_view info) {
  // RFC 5869, 2.2 and 2.3. One block of output is one HMAC; an absent salt is a string of zeros, as HMAC
  // makes of an empty key anyway.
  static constexpr std::array<std::uint8_t, 1> kFirstBlock{1};
  const ByteView info_bytes{reinterpret_cast<const std::uint8_t*>(info.data()), info.size()};
  const Secret<32> pseudorandom_key = hmac_sha256_secret(salt, {input_key});
  return hmac_sha256_secret(pseudorandom_key, {info_bytes, kFirstBlock});
}

}  // namespace fauxkey::crypto
