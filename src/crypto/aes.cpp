#include "crypto/aes.h"

#include <stdexcept>

#include "crypto/psa.h"

namespace fauxkey::crypto {
namespace {

struct CipherOperation {
  CipherOperation() = default;
  CipherOperation(const CipherOperation&) = delete;
  CipherOperation& operator=(const CipherOperation&) = delete;
  ~CipherOperation() { psa_cipher_abort(&operation); }
  psa_cipher_operation_t operation = psa_cipher_operation_init();
};

using Setup = psa_status_t (*)(psa_cipher_operation_t*, psa_key_id_t, psa_algorithm_t);

// `out` is as long as `in`, which is a whole number of blocks.
void run(Setup setup, psa_key_usage_t usage, ByteView key, AesIv iv, ByteView in,
         std::span<std::uint8_t> out) {
  if (in.size() % kAesBlock != 0)
    throw std::invalid_argument{"AES-CBC without padding takes whole blocks of 16 bytes"};
  if (in.empty()) return;

  const auto lock = psa::enter();
  const psa::Key imported{key, PSA_KEY_TYPE_AES, usage, PSA_ALG_CBC_NO_PADDING};
  CipherOperation cipher;
  psa::check(setup(&cipher.operation, imported.id(), PSA_ALG_CBC_NO_PADDING));
  psa::check(psa_cipher_set_iv(&cipher.operation, iv.data(), iv.size()));
  std::size_t written = 0;
  psa::check(psa_cipher_update(&cipher.operation, in.data(), in.size(), out.data(), out.size(), &written));
  std::size_t rest = 0;
  psa::check(psa_cipher_finish(&cipher.operation, out.data() + written, out.size() - written, &rest));
  if (written + rest != in.size()) throw std::logic_error{"AES-CBC gave another length than it took"};
}

}  // namespace

Bytes aes256_cbc_encrypt(AesKey key, AesIv iv, ByteView plaintext) {
  Bytes ciphertext(plaintext.size());
  run(psa_cipher_encrypt_setup, PSA_KEY_USAGE_ENCRYPT, key, iv, plaintext, ciphertext);
  return ciphertext;
}

Bytes aes128_cbc_encrypt(std::span<const std::uint8_t, 16> key, AesIv iv, ByteView plaintext) {
  Bytes ciphertext(plaintext.size());
  run(psa_cipher_encrypt_setup, PSA_KEY_USAGE_ENCRYPT, key, iv, plaintext, ciphertext);
  return ciphertext;
}

SecretBytes aes256_cbc_decrypt(AesKey key, AesIv iv, ByteView ciphertext) {
  SecretBytes plaintext{ciphertext.size()};
  run(psa_cipher_decrypt_setup, PSA_KEY_USAGE_DECRYPT, key, iv, ciphertext, plaintext.span());
  return plaintext;
}

}  // namespace fauxkey::crypto
