// Records of older versions.
#include <doctest/doctest.h>

#include "cbor/cbor.h"
#include "keystore/record.h"
#include "keystore_fixture.h"

namespace keystore_record_test {

using namespace fauxkey;

namespace {

// What version 1 wrote; its fields by their numbers, as keystore/record.cpp lists them.
cbor::Map version_1(const Credential& credential) {
  const auto text = [](const std::string& value) { return Bytes{value.begin(), value.end()}; };
  return {{1, 1},
          {2, credential.id},
          {3, cbor::Value::bytes(credential.rp_id_hash)},
          {4, text(credential.rp_id)},
          {5, text(*credential.rp_name)},
          {6, credential.user.id},
          {7, text(*credential.user.name)},
          {8, text(*credential.user.display_name)},
          {9, -7},
          {10, 2},
          {11, true},
          {12, credential.created_at}};
}

Bytes secret_of(const Credential& credential) {
  Bytes secret;
  append(secret, credential.cred_random_without_uv);
  append(secret, credential.cred_random_with_uv);
  append(secret, credential.private_key);
  return secret;
}

}  // namespace

TEST_CASE("keystore: a credential's record of version 1 is read as one without the newer extensions") {
  SystemRandom random;
  const auto credential = test::make_credential(random, "example.com", "alice");
  const auto read = keystore::decode_credential(cbor::encode(version_1(credential)), secret_of(credential));
  REQUIRE(read.has_value());
  CHECK(test::same(*read, credential));
}

TEST_CASE("keystore: a credential's record of a version to come is refused") {
  SystemRandom random;
  const auto credential = test::make_credential(random, "example.com", "alice");
  auto map = version_1(credential);
  map.front().second = 4;
  CHECK_FALSE(keystore::decode_credential(cbor::encode(map), secret_of(credential)).has_value());
}

TEST_CASE("keystore: a record that promises a large-blob key and has none is refused") {
  SystemRandom random;
  const auto credential = test::make_credential(random, "example.com", "alice");
  auto map = version_1(credential);
  map.front().second = 2;
  map.emplace_back(16, true);
  const Bytes secret = secret_of(credential);
  CHECK_FALSE(keystore::decode_credential(cbor::encode(map), ByteView{secret}.first(64)).has_value());
}

}  // namespace keystore_record_test
