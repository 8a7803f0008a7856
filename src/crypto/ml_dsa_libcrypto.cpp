#include "crypto/libcrypto.h"
#include "crypto/ml_dsa.h"

namespace fauxkey::crypto::ml_dsa {
namespace {

using namespace libcrypto;

// By name, as older headers have no constants for them.
constexpr const char* kSeedParameter = "seed";

const char* name_of(Parameters parameters) {
  return parameters == Parameters::ml_dsa_44 ? "ML-DSA-44" : "ML-DSA-65";
}

/// Null where this libcrypto has no ML-DSA.
Key load(Parameters parameters, ByteView seed) {
  const ParamsBuilder builder = made(ParamsBuilder{OSSL_PARAM_BLD_new()});
  check(OSSL_PARAM_BLD_push_octet_string(builder.get(), kSeedParameter, seed.data(), seed.size()) == 1);
  return from_params(name_of(parameters), builder, EVP_PKEY_KEYPAIR);
}

}  // namespace

bool is_available(Parameters parameters) {
  const Bytes seed(32);
  const Key key = load(parameters, seed);
  return key && libcrypto::verify(key.get(), nullptr, seed, libcrypto::sign(key.get(), nullptr, seed));
}

Bytes public_key(Parameters parameters, ByteView seed) {
  const Key key = made(load(parameters, seed));
  std::size_t length = 0;
  check(EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0, &length) == 1);
  Bytes bytes(length);
  check(EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, bytes.data(), bytes.size(),
                                        &length) == 1);
  return bytes;
}

Bytes sign(Parameters parameters, ByteView seed, ByteView message) {
  return libcrypto::sign(made(load(parameters, seed)).get(), nullptr, message);
}

}  // namespace fauxkey::crypto::ml_dsa
