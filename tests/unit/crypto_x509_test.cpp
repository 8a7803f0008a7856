#include "crypto/x509.h"

#include <algorithm>
#include <ctime>
#include <stdexcept>

#include "crypto_certificate.h"
#include "crypto_vectors.h"

namespace crypto_x509_test {

using namespace fauxkey;
using namespace fauxkey::test;
namespace p256 = crypto::p256;
namespace x509 = crypto::x509;

constexpr std::int64_t kYear = 365 * 86'400;
const std::string kRootName = "C=AQ,O=fauxkey,CN=test root";

struct Chain {
  SystemRandom random;
  p256::PrivateKey root_key = p256::generate(random);
  p256::PrivateKey leaf_key = p256::generate(random);
  std::int64_t now = std::time(nullptr);

  [[nodiscard]] x509::CertificateRequest root_request() const {
    x509::CertificateRequest request;
    request.subject = kRootName;
    request.public_key = p256::public_key(root_key);
    request.not_before = now - 60;
    request.not_after = now + 30 * kYear;
    request.serial[15] = 1;
    request.certificate_authority = true;
    return request;
  }
  [[nodiscard]] x509::CertificateRequest leaf_request() const {
    x509::CertificateRequest request;
    request.subject = "C=AQ,O=fauxkey,OU=Authenticator Attestation,CN=test leaf";
    request.public_key = p256::public_key(leaf_key);
    request.not_before = now - 60;
    request.not_after = now + 25 * kYear;
    request.serial.fill(0xab);
    request.aaguid = Aaguid{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    return request;
  }
  [[nodiscard]] Bytes root() { return x509::issue(root_request(), kRootName, root_key, random); }
  [[nodiscard]] Bytes issue(const x509::CertificateRequest& request) {
    return x509::issue(request, kRootName, root_key, random);
  }
};

TEST_CASE("a leaf certificate has the fields that WebAuthn 8.2.1 asks for") {
  Chain chain;
  const auto request = chain.leaf_request();
  const Certificate leaf{chain.issue(request)};
  CHECK(leaf.version() == 3);
  CHECK(leaf.subject() == "C=AQ, O=fauxkey, OU=Authenticator Attestation, CN=test leaf");
  CHECK(leaf.issuer() == "C=AQ, O=fauxkey, CN=test root");
  CHECK(leaf.country_is_printable_string());
  // A serial number with its first bit set stays positive by a zero before it.
  CHECK(leaf.serial() == "00" + hex(request.serial));
  CHECK(leaf.public_key() == request.public_key);

  const auto constraints = leaf.extension(kBasicConstraintsOid);
  REQUIRE(constraints);
  CHECK(constraints->critical);
  CHECK(hex(constraints->value) == "3000");  // CA is false, which DER leaves out
  const auto aaguid = leaf.extension(kAaguidOid);
  REQUIRE(aaguid);
  CHECK_FALSE(aaguid->critical);
  CHECK(hex(aaguid->value) == "0410" + hex(*request.aaguid));
  CHECK(leaf.extension(kSubjectKeyIdentifierOid));
  CHECK_FALSE(leaf.extension(kKeyUsageOid));
}

TEST_CASE("a root certificate is an authority for leaves alone and signed by itself") {
  Chain chain;
  const Certificate root{chain.root()};
  const Certificate leaf{chain.issue(chain.leaf_request())};
  CHECK(root.version() == 3);
  CHECK(root.subject() == root.issuer());
  const auto constraints = root.extension(kBasicConstraintsOid);
  REQUIRE(constraints);
  CHECK(constraints->critical);
  CHECK(hex(constraints->value) == "30060101ff020100");  // CA, no further authority under it
  const auto usage = root.extension(kKeyUsageOid);
  REQUIRE(usage);
  CHECK(usage->critical);
  CHECK(hex(usage->value) == "03020106");  // keyCertSign, cRLSign
  CHECK_FALSE(root.extension(kAaguidOid));

  // The leaf names the root's key: SEQUENCE { [0] identifier } there, OCTET STRING here.
  const auto subject = root.extension(kSubjectKeyIdentifierOid);
  const auto authority = leaf.extension(kAuthorityKeyIdentifierOid);
  REQUIRE(subject);
  REQUIRE(authority);
  CHECK(hex(authority->value) == "30168014" + hex(subject->value).substr(4));
}

TEST_CASE("ecdsa-with-SHA256 stands in a certificate without parameters, as RFC 5758, 3.2, wants it") {
  Chain chain;
  const Bytes oid{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
  for (const Bytes& certificate : {chain.root(), chain.issue(chain.leaf_request())}) {
    std::size_t count = 0;
    for (auto at = certificate.begin();
         (at = std::search(at, certificate.end(), oid.begin(), oid.end())) != certificate.end(); ++at) {
      ++count;
      CHECK(*(at - 1) == oid.size());
    }
    CHECK(count == 2);  // in what is signed, and beside the signature
  }
}

TEST_CASE("chains_to holds for a leaf of this root that is valid now, and for nothing else") {
  Chain chain;
  const Bytes root = chain.root();
  const Bytes leaf = chain.issue(chain.leaf_request());
  CHECK(x509::chains_to(leaf, root));

  Chain other;
  CHECK_FALSE(x509::chains_to(leaf, other.root()));  // the same name, another key
  auto expired = chain.leaf_request();
  expired.not_after = chain.now - 30;
  CHECK_FALSE(x509::chains_to(chain.issue(expired), root));
  auto early = chain.leaf_request();
  early.not_before = chain.now + 3600;
  CHECK_FALSE(x509::chains_to(chain.issue(early), root));
  auto old_root = chain.root_request();
  old_root.not_after = chain.now - 30;
  CHECK_FALSE(x509::chains_to(leaf, chain.issue(old_root)));
  CHECK_FALSE(x509::chains_to(leaf, leaf));
  for (std::size_t length = 0; length < leaf.size(); length += 7)
    CHECK_FALSE(x509::chains_to(ByteView{leaf}.first(length), root));
  Bytes changed = leaf;
  changed[changed.size() - 1] ^= 1;
  CHECK_FALSE(x509::chains_to(changed, root));
}

TEST_CASE("the openssl program verifies the chain strictly and reads the same fields") {
  if (!OpensslProgram::present()) {
    MESSAGE("skipped: there is no openssl program");
    return;
  }
  Chain chain;
  const OpensslProgram openssl;
  openssl.write("root.pem", x509::to_pem(chain.root()));
  openssl.write("leaf.pem", x509::to_pem(chain.issue(chain.leaf_request())));
  CHECK_MESSAGE(openssl.run("verify -x509_strict -CAfile root.pem leaf.pem"), openssl.output());
  REQUIRE(openssl.run("x509 -in leaf.pem -noout -text -nameopt RFC2253,show_type"));
  const std::string text = openssl.output();
  for (const char* line :
       {"Version: 3 (0x2)", "CN=UTF8STRING:test leaf,OU=UTF8STRING:Authenticator Attestation,",
        "C=PRINTABLESTRING:AQ", "ecdsa-with-SHA256", "NIST CURVE: P-256", "Basic Constraints: critical",
        "CA:FALSE", "1.3.6.1.4.1.45724.1.1.4"})
    CHECK_MESSAGE(text.find(line) != std::string::npos, line, " is not in:\n", text);
}

TEST_CASE("PEM holds the same bytes in lines of 64 characters") {
  Chain chain;
  for (std::size_t size = 0; size < 200; ++size) {
    const std::string pem = x509::to_pem(Bytes(size, 0xa5));
    CHECK(pem.starts_with("-----BEGIN CERTIFICATE-----\n"));
    CHECK(pem.ends_with("-----END CERTIFICATE-----\n"));
    CHECK(pem.find('\0') == std::string::npos);
  }
  const std::string pem = x509::to_pem(chain.root());
  CHECK(pem.find('\n', 28) == 28 + 64);
}

TEST_CASE("a certificate's dates may lie beyond 2050 and its serial number may be short, but not zero") {
  Chain chain;
  auto request = chain.leaf_request();
  request.not_after = 32'503'680'000;  // 3000-01-01
  request.serial = {};
  request.serial[15] = 5;
  const Certificate leaf{chain.issue(request)};
  CHECK(leaf.serial() == "05");
  CHECK(leaf.valid_to_year() == 3000);
  CHECK(x509::chains_to(leaf.der(), chain.root()));

  request.serial = {};
  CHECK_THROWS_AS((void)chain.issue(request), std::invalid_argument);
  request.serial[15] = 5;
  request.not_after = 253'402'300'800;  // 10000-01-01
  CHECK_THROWS_AS((void)chain.issue(request), std::invalid_argument);
}

TEST_CASE("issuing a certificate refuses a key that is none") {
  Chain chain;
  auto request = chain.leaf_request();
  request.public_key = {};
  CHECK_THROWS_AS((void)chain.issue(request), std::runtime_error);
  CHECK_THROWS_AS((void)x509::issue(chain.leaf_request(), kRootName, Bytes(31, 1), chain.random),
                  std::invalid_argument);
  CHECK_THROWS_AS((void)x509::issue(chain.leaf_request(), kRootName, Bytes(32), chain.random),
                  std::runtime_error);
}

TEST_CASE("an authority is read out of its certificate, and what is none is not") {
  Chain chain;
  const Bytes root = chain.root();
  const auto authority = x509::read_authority(root);
  REQUIRE(authority);
  CHECK(authority->public_key == p256::public_key(chain.root_key));
  CHECK(authority->not_before == chain.now - 60);
  CHECK(authority->not_after == chain.now + 30 * kYear);
  CHECK_FALSE(authority->has_authorities);
  CHECK(authority->signs_revocations);
  CHECK(authority->key_identifier.size() == 20);
  auto wide = chain.root_request();
  wide.path_length = 1;
  CHECK(x509::read_authority(chain.issue(wide))->has_authorities);

  CHECK_FALSE(x509::read_authority(chain.issue(chain.leaf_request())));
  for (std::size_t length = 0; length < root.size(); length += 5)
    CHECK_FALSE(x509::read_authority(ByteView{root}.first(length)));
  Bytes changed = root;
  for (auto& byte : changed) {
    byte ^= 0xff;
    (void)x509::read_authority(changed);  // whatever it is, it ends
    byte ^= 0xff;
  }
}

TEST_CASE("a chain of two holds where the root lets another authority be under it") {
  Chain chain;
  auto root_request = chain.root_request();
  root_request.path_length = 1;
  const Bytes root = chain.issue(root_request);
  const auto authority = x509::read_authority(root);
  REQUIRE(authority);
  const auto between_key = p256::generate(chain.random);
  auto request = chain.root_request();
  request.subject = "C=AQ,O=fauxkey,CN=between";
  request.public_key = p256::public_key(between_key);
  request.serial[15] = 9;
  const std::vector<Bytes> between{x509::issue(request, *authority, chain.root_key, chain.random)};
  const auto inner = x509::read_authority(between.front());
  REQUIRE(inner);
  const Bytes leaf = x509::issue(chain.leaf_request(), *inner, between_key, chain.random);
  CHECK(x509::chains_to(leaf, between, root));
  CHECK_FALSE(x509::chains_to(leaf, root));
  CHECK_FALSE(x509::chains_to(leaf, between, chain.root()));  // the same key, for leaves alone
  Chain other;
  CHECK_FALSE(x509::chains_to(leaf, between, other.root()));
}

TEST_CASE("a certificate's subject may be empty and its key one of RSA or another curve") {
  Chain chain;
  const auto authority = x509::read_authority(chain.root());
  REQUIRE(authority);
  auto request = chain.leaf_request();
  request.subject.clear();
  request.extensions.push_back(
      {.oid = {0x55, 0x1d, 0x25}, .critical = true, .value = {0x30, 0x04, 0x06, 0x02, 0x2a, 0x03}});
  const Certificate leaf{x509::issue(request, *authority, chain.root_key, chain.random)};
  CHECK(leaf.subject().empty());
  REQUIRE(leaf.extension("551d25"));
  CHECK(leaf.extension("551d25")->critical);
  CHECK(hex(leaf.extension("551d25")->value) == "300406022a03");

  request.public_key_info = {0x30, 0x00};
  CHECK_THROWS_AS((void)x509::issue(request, *authority, chain.root_key, chain.random), std::runtime_error);
}

TEST_CASE("the openssl program finds a serial number on the revocation list, and no other") {
  if (!OpensslProgram::present()) {
    MESSAGE("skipped: there is no openssl program");
    return;
  }
  Chain chain;
  const Bytes root = chain.root();
  const auto authority = x509::read_authority(root);
  REQUIRE(authority);
  auto revoked = chain.leaf_request();
  revoked.serial.fill(0x42);
  const std::vector<x509::Serial> serials{revoked.serial};
  const Bytes list = x509::issue_revocation_list({.this_update = chain.now - 60,
                                                  .next_update = chain.now + 40 * kYear,  // past 2050
                                                  .number = 300,
                                                  .serials = serials},
                                                 *authority, chain.root_key);
  const OpensslProgram openssl;
  openssl.write("root.pem", x509::to_pem(root));
  openssl.write("list.pem", x509::to_pem(list, x509::kRevocationListLabel));
  openssl.write("good.pem", x509::to_pem(chain.issue(chain.leaf_request())));
  openssl.write("revoked.pem", x509::to_pem(chain.issue(revoked)));
  const std::string verify = "verify -x509_strict -crl_check -CAfile root.pem -CRLfile list.pem ";
  CHECK_MESSAGE(openssl.run(verify + "good.pem"), openssl.output());
  CHECK_FALSE(openssl.run(verify + "revoked.pem"));
  CHECK_MESSAGE(openssl.output().find("certificate revoked") != std::string::npos, openssl.output());
}

}  // namespace crypto_x509_test
