#include "crypto/psa.h"

#include <mbedtls/version.h>

#include <array>
#include <stdexcept>
#include <string>

namespace fauxkey::crypto::psa {
namespace {

// The first AES key makes mbedTLS fill its tables, guarded by nothing: once, before others can come.
void make_aes_tables() {
  const std::array<std::uint8_t, 32> zeros{};
  const Key key{zeros, PSA_KEY_TYPE_AES, PSA_KEY_USAGE_ENCRYPT, PSA_ALG_CBC_NO_PADDING};
  psa_cipher_operation_t operation = psa_cipher_operation_init();
  check(psa_cipher_encrypt_setup(&operation, key.id(), PSA_ALG_CBC_NO_PADDING));
  check(psa_cipher_abort(&operation));
}

void start() {
  check(psa_crypto_init());
  make_aes_tables();
}

}  // namespace

std::unique_lock<std::mutex> enter() {
  static std::once_flag started;
  std::call_once(started, start);
#if MBEDTLS_VERSION_NUMBER >= 0x03060000 && defined(MBEDTLS_THREADING_C)
  return {};
#else
  static std::mutex mutex;
  return std::unique_lock{mutex};
#endif
}

void check(psa_status_t status) {
  if (status != PSA_SUCCESS)
    throw std::runtime_error{
        "mbedTLS could not do a cryptographic step (PSA status " + std::to_string(status) +
        "): check that the machine has memory left and that mbedTLS is installed whole."};
}

Key::Key(MayFail, ByteView key, psa_key_type_t type, psa_key_usage_t usage, psa_algorithm_t algorithm) {
  psa_key_attributes_t attributes = psa_key_attributes_init();
  psa_set_key_type(&attributes, type);
  psa_set_key_usage_flags(&attributes, usage);
  psa_set_key_algorithm(&attributes, algorithm);
  const psa_status_t status = psa_import_key(&attributes, key.data(), key.size(), &id_);
  psa_reset_key_attributes(&attributes);
  if (status == PSA_ERROR_INVALID_ARGUMENT) return;
  check(status);
}

Key::Key(ByteView key, psa_key_type_t type, psa_key_usage_t usage, psa_algorithm_t algorithm)
    : Key{MayFail{}, key, type, usage, algorithm} {
  if (!valid()) check(PSA_ERROR_INVALID_ARGUMENT);
}

}  // namespace fauxkey::crypto::psa
