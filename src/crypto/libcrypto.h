// What every file on OpenSSL 3's libcrypto needs: owners for its objects, and its errors.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <memory>
#include <stdexcept>

#include "crypto/deterministic.h"
#include "fauxkey/bytes.h"

namespace fauxkey::crypto::libcrypto {

template <auto F>
struct FreeBy {
  template <class T>
  void operator()(T* object) const {
    F(object);
  }
};
using BigNumber = std::unique_ptr<BIGNUM, FreeBy<BN_clear_free>>;
using BigNumberContext = std::unique_ptr<BN_CTX, FreeBy<BN_CTX_free>>;
using Group = std::unique_ptr<EC_GROUP, FreeBy<EC_GROUP_free>>;
using GroupPoint = std::unique_ptr<EC_POINT, FreeBy<EC_POINT_free>>;
using ParamsBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeBy<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, FreeBy<OSSL_PARAM_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeBy<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeBy<EVP_MD_CTX_free>>;

/// For steps that fail only where memory is short or the library is broken.
inline void check(bool done) {
  if (done) return;
  ERR_clear_error();
  throw std::runtime_error{
      "libcrypto could not do a step: check that the machine has memory left and that OpenSSL's default "
      "provider is "
      "not switched off in its configuration."};
}

template <class T>
T made(T object) {
  check(object != nullptr);
  return object;
}

/// A number that libcrypto wipes, as it does the copies it makes.
[[nodiscard]] inline BigNumber secret_number(ByteView big_endian) {
  BigNumber number = made(BigNumber{BN_secure_new()});
  check(BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), number.get()) != nullptr);
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  return number;
}

/// Null where libcrypto does not know the type, or the parameters are no key of it.
[[nodiscard]] inline Key from_params(const char* type, const ParamsBuilder& builder, int selection) {
  const Params params = made(Params{OSSL_PARAM_BLD_to_param(builder.get())});
  EVP_PKEY* key = nullptr;
  const KeyContext context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  const bool done = context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                    EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) == 1;
  if (!done) ERR_clear_error();
  return Key{key};
}

/// `digest`: nullptr where the key's algorithm has its own.
[[nodiscard]] inline Bytes sign(EVP_PKEY* key, const char* digest, ByteView message) {
  const DigestContext context = made(DigestContext{EVP_MD_CTX_new()});
  EVP_PKEY_CTX* key_context = nullptr;
  check(EVP_DigestSignInit_ex(context.get(), &key_context, digest, nullptr, nullptr, key, nullptr) == 1);
#ifdef OSSL_SIGNATURE_PARAM_NONCE_TYPE
  // RFC 6979, where libcrypto has it (3.2): the same signature for the same message.
  if (EVP_PKEY_is_a(key, "EC") == 1) {
    unsigned int deterministic = 1;
    const OSSL_PARAM params[]{OSSL_PARAM_construct_uint(OSSL_SIGNATURE_PARAM_NONCE_TYPE, &deterministic),
                              OSSL_PARAM_construct_end()};
    check(EVP_PKEY_CTX_set_params(key_context, params) == 1);
  }
#endif
#ifdef OSSL_SIGNATURE_PARAM_DETERMINISTIC
  // ML-DSA mixes in random bytes unless told not to (FIPS 204, 3.4).
  if (signatures_are_deterministic() &&
      (EVP_PKEY_is_a(key, "ML-DSA-44") == 1 || EVP_PKEY_is_a(key, "ML-DSA-65") == 1)) {
    int deterministic = 1;
    const OSSL_PARAM params[]{OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_DETERMINISTIC, &deterministic),
                              OSSL_PARAM_construct_end()};
    check(EVP_PKEY_CTX_set_params(key_context, params) == 1);
  }
#endif
  std::size_t length = 0;
  check(EVP_DigestSign(context.get(), nullptr, &length, message.data(), message.size()) == 1);
  Bytes signature(length);
  check(EVP_DigestSign(context.get(), signature.data(), &length, message.data(), message.size()) == 1);
  signature.resize(length);
  return signature;
}

[[nodiscard]] inline bool verify(EVP_PKEY* key, const char* digest, ByteView message, ByteView signature) {
  const DigestContext context = made(DigestContext{EVP_MD_CTX_new()});
  check(EVP_DigestVerifyInit_ex(context.get(), nullptr, digest, nullptr, nullptr, key, nullptr) == 1);
  // 0 is a wrong signature, a negative number one that is no signature at all.
  const bool good = EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                                     message.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

}  // namespace fauxkey::crypto::libcrypto
