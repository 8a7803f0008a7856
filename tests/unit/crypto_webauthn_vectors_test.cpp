// The W3C's test vectors for WebAuthn Level 3 (tests/vectors/webauthn_l3.json): signatures that others made
// are verified by this library, and what follows from the given keys is computed again.
#include "cbor/cbor.h"
#include "crypto/aes.h"
#include "crypto/ed25519.h"
#include "crypto/hash.h"
#include "crypto/p256.h"
#include "crypto/x509.h"
#include "crypto_certificate.h"
#include "crypto_vectors.h"

namespace crypto_webauthn_vectors_test {

using namespace fauxkey;
using namespace fauxkey::test;
namespace p256 = crypto::p256;

// authenticatorData || SHA-256(clientDataJSON), which attestations and assertions sign (WebAuthn 6.3.3, 8.2).
Bytes signed_data(const nlohmann::json& part) {
  Bytes data = unhex(part, "authenticatorData");
  append(data, crypto::sha256(unhex(part, "clientDataJSON")));
  return data;
}

bool credential_verifies(const nlohmann::json& ceremony, ByteView message, ByteView signature) {
  const auto& key = ceremony.at("registration").at("credential_public_key");
  if (ceremony.at("algorithm") == "EdDSA")
    return crypto::ed25519::verify(array_of<32>(unhex(key, "x")), message, signature);
  return p256::verify(p256_key(key), message, signature);
}

TEST_CASE("WebAuthn L3 vectors: assertions verify with the credential's key, and not when changed") {
  const auto file = vectors("webauthn_l3.json");
  REQUIRE(file.at("ceremonies").size() == 5);
  for (const auto& ceremony : file.at("ceremonies")) {
    CAPTURE(ceremony.at("section").get<std::string>());
    const auto& assertion = ceremony.at("authentication");
    Bytes message = signed_data(assertion);
    const Bytes signature = unhex(assertion, "signature");
    CHECK(credential_verifies(ceremony, message, signature));
    message[32] ^= 0x04;  // the UV flag
    CHECK_FALSE(credential_verifies(ceremony, message, signature));
  }
}

TEST_CASE("WebAuthn L3 vectors: public keys follow from the private ones") {
  const auto file = vectors("webauthn_l3.json");
  for (const auto& ceremony : file.at("ceremonies")) {
    CAPTURE(ceremony.at("section").get<std::string>());
    const auto& registration = ceremony.at("registration");
    const Bytes key = unhex(registration, "credential_private_key");
    const auto& public_key = registration.at("credential_public_key");
    if (ceremony.at("algorithm") == "EdDSA") {
      CHECK(hex(crypto::ed25519::public_key(key)) == public_key.at("x").get<std::string>());
      const auto& assertion = ceremony.at("authentication");
      CHECK(hex(crypto::ed25519::sign(key, signed_data(assertion))) ==
            assertion.at("signature").get<std::string>());
    } else {
      CHECK(p256::public_key(key) == p256_key(public_key));
    }
  }
}

TEST_CASE("WebAuthn L3 vectors: attestation statements verify by their certificate or the credential's key") {
  const auto file = vectors("webauthn_l3.json");
  const Bytes root = unhex(file, "attestation_ca_certificate");
  const auto rp_id_hash = crypto::sha256(std::string_view{file.at("rp_id").get_ref<const std::string&>()});
  int verified = 0;
  for (const auto& ceremony : file.at("ceremonies")) {
    CAPTURE(ceremony.at("section").get<std::string>());
    const auto& registration = ceremony.at("registration");
    const auto decoded = cbor::decode(unhex(registration, "attestationObject"));
    REQUIRE(decoded);
    const auto* object = decoded->as<cbor::Map>();
    REQUIRE(object != nullptr);
    CHECK(cbor::encode(*decoded) == unhex(registration, "attestationObject"));
    const auto& statement = *cbor::find(*object, "attStmt")->as<cbor::Map>();
    const std::string& format = *cbor::find(*object, "fmt")->as<std::string>();
    CHECK(format == ceremony.at("format").get<std::string>());
    CHECK(hex(*cbor::find(*object, "authData")->as<Bytes>()) ==
          registration.at("authenticatorData").get<std::string>());
    if (format == "none") {
      CHECK(statement.empty());
      continue;
    }

    Bytes message = signed_data(registration);
    if (format == "fido-u2f") {
      // WebAuthn 8.6: 0 || application || challenge || key handle || public key.
      const auto& key = registration.at("credential_public_key");
      message = Bytes{0};
      append(message, rp_id_hash);
      append(message, crypto::sha256(unhex(registration, "clientDataJSON")));
      append(message, unhex(registration, "credential_id"));
      message.push_back(0x04);
      append(message, unhex(key, "x"));
      append(message, unhex(key, "y"));
    }
    const Bytes& signature = *cbor::find(statement, "sig")->as<Bytes>();
    if (ceremony.at("self_attestation").get<bool>()) {
      CHECK(credential_verifies(ceremony, message, signature));
    } else {
      const Bytes& leaf = *cbor::find(statement, "x5c")->as<cbor::Array>()->at(0).as<Bytes>();
      CHECK(crypto::x509::chains_to(leaf, root));
      const auto key = Certificate{leaf}.public_key();
      CHECK(key == p256::public_key(unhex(registration, "attestation_private_key")));
      CHECK(p256::verify(key, message, signature));
    }
    ++verified;
  }
  CHECK(verified == 4);
}

TEST_CASE("WebAuthn L3 vectors: the PRF extension's secrets and outputs come out again") {
  const auto prf = vectors("webauthn_l3.json").at("prf");
  const auto peer = p256_key(prf.at("platform_key_agreement_public_key"));
  CHECK(p256::public_key(unhex(prf, "platform_key_agreement_private_key")) == peer);
  const auto z = p256::ecdh(unhex(prf, "authenticator_key_agreement_private_key"), peer);
  REQUIRE(z);
  for (const auto& row : prf.at("cases")) {
    CAPTURE(row.at("case").get<std::string>());
    const bool two = row.at("pin_protocol") == 2;
    // CTAP 2.3, 6.5.6 and 6.5.7: the shared secret, and where the AES key lies in it.
    Bytes shared;
    if (two) {
      append(shared, crypto::hkdf_sha256(*z, Bytes(32), "CTAP2 HMAC key"));
      append(shared, crypto::hkdf_sha256(*z, Bytes(32), "CTAP2 AES key"));
    } else {
      append(shared, crypto::sha256(*z));
    }
    CHECK(hex(shared) == row.at("shared_secret").get<std::string>());
    const auto aes_key = array_of<32>(ByteView{shared}.last(32));

    const auto split = [&](const char* name) {
      Bytes all = unhex(row, name);
      const std::size_t iv_size = two ? 16 : 0;
      Bytes iv(16);
      std::copy_n(all.begin(), iv_size, iv.begin());
      return std::pair{array_of<16>(iv),
                       Bytes{all.begin() + static_cast<std::ptrdiff_t>(iv_size), all.end()}};
    };
    const auto [salt_iv, salt_enc] = split("salt_enc");
    const auto salts = crypto::aes256_cbc_decrypt(aes_key, salt_iv, salt_enc);
    Bytes outputs;
    for (std::size_t at = 0; at < salts.size(); at += 32)
      append(outputs,
             crypto::hmac_sha256(unhex(prf, "authenticator_cred_random"), {salts.view().subspan(at, 32)}));
    CHECK(hex(salts) == row.at("salt1").get<std::string>() + row.value("salt2", ""));
    CHECK(hex(outputs) == row.at("output1").get<std::string>() + row.value("output2", ""));
    const auto [output_iv, output_enc] = split("output_enc");
    CHECK(hex(crypto::aes256_cbc_encrypt(aes_key, output_iv, outputs)) == hex(output_enc));
  }
}

}  // namespace crypto_webauthn_vectors_test
