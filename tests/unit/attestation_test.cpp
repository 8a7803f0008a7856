#include "authenticator/attestation.h"

#include <ctime>
#include <stdexcept>

#include "cbor/cbor.h"
#include "crypto/x509.h"
#include "crypto_certificate.h"
#include "crypto_vectors.h"
#include "keystore/memory_store.h"

namespace attestation_test {

using namespace fauxkey;
using namespace fauxkey::test;

Bytes record_of(CredentialStore& store) {
  const auto record = store.load(RecordKind::attestation);
  REQUIRE(record);
  REQUIRE(*record);
  return copy(**record);
}

TEST_CASE("an attestation is made at the first start and found again at the next") {
  MemoryStore store;
  SystemRandom random;
  const SystemClock clock;
  const Persona persona;
  const auto first = Attestation::load_or_create(store, {.persona = persona}, random, clock);
  const Bytes record = record_of(store);
  const auto second = Attestation::load_or_create(store, {.persona = persona}, random, clock);
  CHECK(second.root() == first.root());
  CHECK(second.leaf().certificate() == first.leaf().certificate());
  CHECK(record_of(store) == record);
  CHECK(crypto::x509::chains_to(first.leaf().certificate(), first.root()));

  const Bytes message{1, 2, 3};
  const auto key = Certificate{first.leaf().certificate()}.public_key();
  CHECK(crypto::p256::verify(key, message, first.leaf().sign(message)));
  CHECK(crypto::p256::verify(key, message, second.leaf().sign(message)));
}

TEST_CASE("attestation certificates have the fields of WebAuthn 8.2.1 and live for decades") {
  MemoryStore store;
  SystemRandom random;
  const SystemClock clock;
  const Persona persona;
  const auto attestation = Attestation::load_or_create(store, {.persona = persona}, random, clock);
  const Certificate leaf{attestation.leaf().certificate()};
  const Certificate root{attestation.root()};
  CHECK(root.subject() == "C=AQ, O=fauxkey, CN=fauxkey attestation root");
  CHECK(root.issuer() == root.subject());
  CHECK(leaf.issuer() == root.subject());
  CHECK(leaf.subject() == "C=AQ, O=fauxkey, OU=Authenticator Attestation, CN=fauxkey attestation");
  CHECK(leaf.country_is_printable_string());
  CHECK(leaf.serial() != root.serial());
  CHECK(leaf.valid_to_year() - leaf.valid_from_year() >= 20);
  CHECK(root.valid_to_year() - root.valid_from_year() >= 29);
  const auto aaguid = leaf.extension(kAaguidOid);
  REQUIRE(aaguid);
  CHECK_FALSE(aaguid->critical);
  CHECK(hex(aaguid->value) == "0410" + hex(persona.aaguid));
  CHECK_FALSE(root.extension(kAaguidOid));
}

TEST_CASE("another persona gets a leaf of its own under the same root") {
  MemoryStore store;
  SystemRandom random;
  const SystemClock clock;
  Persona persona;
  const auto first = Attestation::load_or_create(store, {.persona = persona}, random, clock);
  persona.aaguid[0] ^= 0xff;
  const auto second = Attestation::load_or_create(store, {.persona = persona}, random, clock);
  CHECK(second.root() == first.root());
  CHECK(crypto::x509::chains_to(second.leaf().certificate(), second.root()));
  const Certificate leaf{second.leaf().certificate()};
  CHECK(hex(leaf.extension(kAaguidOid).value().value) == "0410" + hex(persona.aaguid));
  CHECK_FALSE(leaf.public_key() == Certificate{first.leaf().certificate()}.public_key());
  CHECK(crypto::p256::verify(leaf.public_key(), Bytes{9}, second.leaf().sign(Bytes{9})));
  CHECK(Attestation::load_or_create(store, {.persona = persona}, random, clock).leaf().certificate() ==
        second.leaf().certificate());
}

TEST_CASE("two keystores have different root keys, two runs of the same seed the same one") {
  const ManualClock clock;
  const Persona persona;
  const auto root_key_of = [&](std::uint64_t seed) {
    MemoryStore store;
    SeededRandom random{seed};
    return Certificate{Attestation::load_or_create(store, {.persona = persona}, random, clock).root()}
        .public_key();
  };
  CHECK(root_key_of(1) == root_key_of(1));
  CHECK_FALSE(root_key_of(1) == root_key_of(2));
}

TEST_CASE("a machine whose clock was never set gets certificates that are valid today") {
  MemoryStore store;
  SystemRandom random;
  const ManualClock clock{0};
  const auto attestation = Attestation::load_or_create(store, KeyConfig{}, random, clock);
  CHECK(crypto::x509::chains_to(attestation.leaf().certificate(), attestation.root()));
}

TEST_CASE("the attestation survives a reset of the store") {
  MemoryStore store;
  SystemRandom random;
  const SystemClock clock;
  const auto before = Attestation::load_or_create(store, KeyConfig{}, random, clock);
  REQUIRE(store.reset());
  CHECK(Attestation::load_or_create(store, KeyConfig{}, random, clock).leaf().certificate() ==
        before.leaf().certificate());
}

TEST_CASE("a record that is no attestation is refused and left as it is") {
  MemoryStore store;
  SystemRandom random;
  const SystemClock clock;
  static_cast<void>(Attestation::load_or_create(store, KeyConfig{}, random, clock));
  const Bytes good = record_of(store);
  const auto refused = [&](const Bytes& record) {
    REQUIRE(store.save(RecordKind::attestation, record));
    CHECK_THROWS_AS((void)Attestation::load_or_create(store, KeyConfig{}, random, clock), std::runtime_error);
    CHECK(record_of(store) == record);
  };
  for (std::size_t length = 0; length < good.size(); length += 13)
    refused({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)});
  Bytes longer = good;
  longer.push_back(0);
  refused(longer);
  Bytes no_key = good;
  std::fill_n(no_key.begin(), 32, std::uint8_t{0});
  refused(no_key);
  // The version is the map's first member: a4 01 01.
  Bytes newer = good;
  REQUIRE(hex(ByteView{newer}.subspan(64, 3)) == "a40101");
  newer[66] = 2;
  refused(newer);
}

/// As earlier versions made it: its root is for leaves alone.
Bytes old_record(const crypto::p256::PrivateKey& root_key, const Bytes& root, const Bytes& leaf,
                 const crypto::p256::PrivateKey& leaf_key, const Aaguid& aaguid) {
  Bytes record;
  append(record, root_key);
  append(record, leaf_key);
  append(record, cbor::encode(cbor::Map{{1, 1}, {2, root}, {3, leaf}, {4, cbor::Value::bytes(aaguid)}}));
  return record;
}

TEST_CASE("a keystore of an older version attests as it did, with its root for leaves alone") {
  MemoryStore store;
  SystemRandom random;
  const SystemClock clock;
  const auto root_key = crypto::p256::generate(random), leaf_key = crypto::p256::generate(random);
  crypto::x509::CertificateRequest request{.subject = "C=AQ,O=fauxkey,CN=fauxkey attestation root",
                                           .public_key = crypto::p256::public_key(root_key),
                                           .not_before = 1'700'000'000,
                                           .not_after = 3'000'000'000,
                                           .serial = {1, 2, 3},
                                           .certificate_authority = true};
  const Bytes root = crypto::x509::issue(request, request.subject, root_key, random);
  auto leaf_request = request;
  leaf_request.subject = "C=AQ,O=fauxkey,OU=Authenticator Attestation,CN=fauxkey attestation";
  leaf_request.public_key = crypto::p256::public_key(leaf_key);
  leaf_request.certificate_authority = false;
  leaf_request.aaguid = Persona{}.aaguid;
  const Bytes leaf = crypto::x509::issue(leaf_request, request.subject, root_key, random);
  const Bytes record = old_record(root_key, root, leaf, leaf_key, Persona{}.aaguid);
  REQUIRE(store.save(RecordKind::attestation, record));

  const auto found = Attestation::load_or_create(store, KeyConfig{}, random, clock);
  CHECK(found.root() == root);
  CHECK(found.leaf().certificate() == leaf);
  CHECK(record_of(store) == record);
  KeyConfig chained;
  chained.attestation_chain = 2;
  CHECK_THROWS_AS((void)Attestation::load_or_create(store, chained, random, clock), std::runtime_error);
  CHECK(attestation_revocation_lists(*found.load_root(store), random).size() == 1);
  CHECK(record_of(store) == record);
}

TEST_CASE("keys under a shared root have one leaf for each model, and a root of their own besides") {
  SystemRandom random;
  const SystemClock clock;
  KeyConfig config;
  config.attestation_root = std::make_shared<const AttestationRoot>(make_attestation_root(random, clock));
  MemoryStore one, another;
  const auto first = Attestation::load_or_create(one, config, random, clock);
  const auto second = Attestation::load_or_create(another, config, random, clock);
  CHECK(first.root() == config.attestation_root->certificate);
  CHECK(first.own_root() != second.own_root());
  CHECK(Certificate{first.leaf().certificate()}.public_key() ==
        Certificate{second.leaf().certificate()}.public_key());
  CHECK(Certificate{first.leaf().certificate()}.serial() ==
        Certificate{second.leaf().certificate()}.serial());
  CHECK(crypto::x509::chains_to(first.leaf().certificate(), first.root()));

  config.persona.aaguid[0] ^= 0xff;
  const auto other_model = Attestation::load_or_create(one, config, random, clock);
  CHECK_FALSE(Certificate{first.leaf().certificate()}.public_key() ==
              Certificate{other_model.leaf().certificate()}.public_key());
  // Without it, the keystore is as it was.
  CHECK(Attestation::load_or_create(one, {.persona = config.persona}, random, clock).root() ==
        first.own_root());
}

TEST_CASE("enterprise certificates under a shared root tell its keys apart, and stay the same") {
  SystemRandom random;
  const SystemClock clock;
  KeyConfig config;
  config.attestation_root = std::make_shared<const AttestationRoot>(make_attestation_root(random, clock));
  config.enterprise = Enterprise{};
  MemoryStore one, another;
  const auto key_of = [&](CredentialStore& store) {
    const auto attestation = Attestation::load_or_create(store, config, random, clock);
    REQUIRE(attestation.enterprise());
    CHECK(crypto::x509::chains_to(attestation.enterprise()->certificate(), attestation.root()));
    return Certificate{attestation.enterprise()->certificate()}.public_key();
  };
  CHECK(key_of(one) == key_of(one));
  CHECK_FALSE(key_of(one) == key_of(another));
}

TEST_CASE("a root is told from what is none") {
  SystemRandom random;
  const SystemClock clock;
  const auto root = make_attestation_root(random, clock), other = make_attestation_root(random, clock);
  CHECK(root_trouble(root.key, root.certificate).empty());
  CHECK_FALSE(root_trouble(other.key, root.certificate).empty());
  CHECK_FALSE(root_trouble(Bytes(32), root.certificate).empty());
  CHECK_FALSE(root_trouble(Bytes(31, 1), root.certificate).empty());
  CHECK_FALSE(root_trouble(root.key, Bytes{0x30, 0x00}).empty());
  CHECK_FALSE(root_trouble(root.key, {}).empty());
}

// Fails as a full disk does.
class FullStore final : public CredentialStore {
 public:
  [[nodiscard]] StoreResult<void> put_all(std::span<const Credential>) override { return error(); }
  [[nodiscard]] StoreResult<bool> update(const Credential&) override { return error(); }
  [[nodiscard]] StoreResult<std::optional<Credential>> find(ByteView) override { return error(); }
  [[nodiscard]] StoreResult<std::vector<Credential>> find_by_rp(const RpIdHash&) override { return error(); }
  [[nodiscard]] StoreResult<bool> erase(ByteView) override { return error(); }
  [[nodiscard]] StoreResult<std::size_t> count() override { return error(); }
  [[nodiscard]] StoreResult<Page> page(std::uint64_t, std::size_t) override { return error(); }
  [[nodiscard]] StoreResult<Page> page_by_rp(const RpIdHash&, std::uint64_t, std::size_t) override {
    return error();
  }
  [[nodiscard]] StoreResult<Page> page_relying_parties(std::uint64_t, std::size_t) override {
    return error();
  }
  [[nodiscard]] StoreResult<std::size_t> count_relying_parties() override { return error(); }
  [[nodiscard]] StoreResult<std::uint64_t> revision() override { return error(); }
  [[nodiscard]] StoreResult<std::uint32_t> next_sign_count(ByteView) override { return error(); }
  [[nodiscard]] StoreResult<SignCounter> sign_counter(ByteView) override { return error(); }
  [[nodiscard]] StoreResult<void> raise_sign_count(ByteView, std::uint32_t) override { return error(); }
  [[nodiscard]] StoreResult<std::optional<SecretBytes>> load(RecordKind) override { return std::nullopt; }
  [[nodiscard]] StoreResult<void> save(RecordKind, ByteView) override { return error(); }
  [[nodiscard]] StoreResult<void> reset() override { return error(); }

 private:
  static std::unexpected<StoreError> error() {
    return std::unexpected{StoreError{StoreError::Kind::full, "The disk is full: free some space."}};
  }
};

TEST_CASE("the store's own sentence is told where an attestation cannot be saved") {
  FullStore store;
  SystemRandom random;
  const SystemClock clock;
  CHECK_THROWS_WITH_AS((void)Attestation::load_or_create(store, KeyConfig{}, random, clock),
                       "The disk is full: free some space.", std::runtime_error);
}

}  // namespace attestation_test
