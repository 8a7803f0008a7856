#include "authenticator/wrapped_credential.h"

#include <doctest/doctest.h>

#include "authenticator/credential_keys.h"
#include "crypto/hash.h"

namespace wrapped_credential_test {

using namespace fauxkey;

struct Fixture {
  SystemRandom random;
  WrapKey key = random.secret<32>();
  RpIdHash rp = crypto::sha256(std::string_view{"example.com"});

  Credential wrapped(Algorithm algorithm, CredProtect level = CredProtect::optional) {
    Credential credential;
    credential.rp_id_hash = rp;
    credential.algorithm = algorithm;
    credential.cred_protect = level;
    credential.private_key = generate_private_key(algorithm, random);
    wrap(credential, key, random);
    return credential;
  }
};

TEST_CASE_FIXTURE(Fixture, "a wrapped credential comes back from its id alone") {
  for (const auto algorithm : kAlgorithms) {
    if (!is_available(algorithm)) continue;
    const auto credential = wrapped(algorithm, CredProtect::optional_with_credential_id_list);
    CHECK(credential.id.size() <= 255);
    const auto back = unwrap(credential.id, rp, key);
    REQUIRE(back.has_value());
    CHECK(back->algorithm == algorithm);
    CHECK(back->cred_protect == CredProtect::optional_with_credential_id_list);
    CHECK(equal_in_constant_time(back->private_key, credential.private_key));
    CHECK(equal_in_constant_time(back->cred_random_with_uv, credential.cred_random_with_uv));
    CHECK(equal_in_constant_time(back->cred_random_without_uv, credential.cred_random_without_uv));
    CHECK_FALSE(equal_in_constant_time(back->cred_random_without_uv, back->cred_random_with_uv));
    CHECK_FALSE(back->discoverable);
  }
}

TEST_CASE_FIXTURE(Fixture,
                  "a wrapped credential is nothing to another relying party, another key, or when altered") {
  const auto credential = wrapped(Algorithm::es256);
  CHECK_FALSE(unwrap(credential.id, crypto::sha256(std::string_view{"example.org"}), key).has_value());
  CHECK_FALSE(unwrap(credential.id, rp, random.secret<32>()).has_value());
  for (std::size_t i = 0; i < credential.id.size(); ++i) {
    Bytes altered = credential.id;
    altered[i] ^= 1;
    CHECK_FALSE(unwrap(altered, rp, key).has_value());
  }
  for (std::size_t size = 0; size < credential.id.size(); ++size) {
    CHECK_FALSE(unwrap(ByteView{credential.id}.first(size), rp, key).has_value());
  }
}

}  // namespace wrapped_credential_test
