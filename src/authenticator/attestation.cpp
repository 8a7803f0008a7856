#include "authenticator/attestation.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "authenticator/attestation_authority.h"
#include "authenticator/attestation_leaf.h"
#include "cbor/cbor.h"
#include "crypto/hash.h"
#include "crypto/p256_scalar.h"
#include "crypto/x509.h"

namespace fauxkey {
namespace {

using crypto::p256::PrivateKey;

// The record is the two private keys, root and leaf, and then a CBOR map of what is public: so no private key
// passes through the ordinary memory of encoder and decoder. Members of the map:
constexpr int kVersion = 1;
constexpr int kRootCertificate = 2;
constexpr int kLeafCertificate = 3;
constexpr int kAaguid = 4;
constexpr std::int64_t kCurrentVersion = 1;

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kYear = 365 * kDay + kDay / 4;
constexpr std::int64_t kLeafLifetime = 25 * kYear;

struct Record {
  AttestationRoot root;
  PrivateKey leaf_key;
  Bytes leaf;
  Aaguid aaguid{};
};

SecretBytes encode(const Record& record) {
  const Bytes known = cbor::encode(cbor::Map{{kVersion, kCurrentVersion},
                                             {kRootCertificate, record.root.certificate},
                                             {kLeafCertificate, record.leaf},
                                             {kAaguid, cbor::Value::bytes(record.aaguid)}});
  SecretBytes bytes{2 * PrivateKey::size() + known.size()};
  const ByteView root_key{record.root.key};
  const ByteView leaf_key{record.leaf_key};
  std::uint8_t* end = std::copy(root_key.begin(), root_key.end(), bytes.data());
  end = std::copy(leaf_key.begin(), leaf_key.end(), end);
  std::copy(known.begin(), known.end(), end);
  return bytes;
}

const Bytes* member(const cbor::Map& map, int key) {
  const auto* value = cbor::find(map, key);
  return value != nullptr ? value->as<Bytes>() : nullptr;
}

std::optional<Record> decode(ByteView bytes) {
  constexpr std::size_t kKeys = 2 * PrivateKey::size();
  if (bytes.size() <= kKeys) return std::nullopt;
  const auto decoded = cbor::decode(bytes.subspan(kKeys));
  const auto* map = decoded ? decoded->as<cbor::Map>() : nullptr;
  if (map == nullptr) return std::nullopt;
  const auto* version = cbor::find(*map, kVersion);
  const auto* root = member(*map, kRootCertificate);
  const auto* leaf = member(*map, kLeafCertificate);
  const auto* aaguid = member(*map, kAaguid);
  if (version == nullptr || version->as_integer() != kCurrentVersion || root == nullptr || leaf == nullptr ||
      aaguid == nullptr || aaguid->size() != Aaguid{}.size())
    return std::nullopt;

  Record record;
  record.root.key = PrivateKey::copy_of(bytes.first(PrivateKey::size()));
  record.leaf_key = PrivateKey::copy_of(bytes.subspan(PrivateKey::size(), PrivateKey::size()));
  if (!crypto::p256::is_private_key(record.root.key) || !crypto::p256::is_private_key(record.leaf_key))
    return std::nullopt;
  record.root.certificate = *root;
  record.leaf = *leaf;
  std::copy(aaguid->begin(), aaguid->end(), record.aaguid.begin());
  return record;
}

crypto::x509::Serial serial_number(Random& random) { return serial_of_hash(random.bytes<32>()); }

void make_leaf(Record& record, const Aaguid& aaguid, Random& random, const Clock& clock) {
  record.aaguid = aaguid;
  record.leaf_key = crypto::p256::generate(random);
  const std::int64_t begin = attestation_begin(clock);
  auto request = model_leaf(aaguid, crypto::p256::public_key(record.leaf_key));
  request.not_before = begin;
  request.not_after = begin + kLeafLifetime;
  request.serial = serial_number(random);
  record.leaf = AttestationAuthority{record.root}.issue(request, random);
}

// Enterprise attestation (CTAP 2.3, 7.1) has a key of its own, so that its certificate and the ordinary one
// do not give each other away. Its record is the private key, the AAGUID that the certificate is for, and the
// certificate.

constexpr const char* kEnterpriseName =
    "C=AQ,O=fauxkey,OU=Authenticator Attestation,CN=fauxkey enterprise attestation";
constexpr std::size_t kDeviceSerialSize = 8;

/// The same for one keystore, whatever happens to it; it begins with the serial number that the USB device
/// shows.
Bytes device_serial(const Record& record) {
  const auto hash = crypto::sha256(record.root.certificate);
  return {hash.begin(), hash.begin() + kDeviceSerialSize};
}

crypto::x509::CertificateRequest enterprise_leaf(const PrivateKey& key, const Record& record,
                                                 const Aaguid& aaguid) {
  return {.subject = kEnterpriseName,
          .public_key = crypto::p256::public_key(key),
          .aaguid = aaguid,
          .device_serial = device_serial(record)};
}

AttestationKey make_enterprise_key(CredentialStore& store, const Record& record, const Aaguid& aaguid,
                                   Random& random, const Clock& clock) {
  auto key = crypto::p256::generate(random);
  auto request = enterprise_leaf(key, record, aaguid);
  request.not_before = attestation_begin(clock);
  request.not_after = request.not_before + kLeafLifetime;
  request.serial = serial_number(random);
  auto certificate = AttestationAuthority{record.root}.issue(request, random);
  SecretBytes bytes{PrivateKey::size() + aaguid.size() + certificate.size()};
  auto* end = std::ranges::copy(key.view(), bytes.data()).out;
  end = std::ranges::copy(aaguid, end).out;
  std::ranges::copy(certificate, end);
  if (const auto saved = store.save(RecordKind::enterprise, bytes); !saved) {
    throw std::runtime_error{saved.error().message};
  }
  return {std::move(key), std::move(certificate)};
}

/// Under a root that several keys share, it follows from that and from which key this is.
AttestationKey derived_enterprise(const AttestationAuthority& authority, const Record& record,
                                  const Aaguid& aaguid, Random& random) {
  std::string label = "enterprise";
  for (const auto byte : device_serial(record)) label += ' ' + std::to_string(byte);
  for (const auto byte : aaguid) label += ' ' + std::to_string(byte);
  auto key = authority.derive_key(label);
  auto request = enterprise_leaf(key, record, aaguid);
  request.not_before = authority.terms().not_before;
  request.not_after = authority.terms().not_after;
  request.serial = authority.serial_for(request.public_key.x);
  auto certificate = authority.issue(request, random);
  return {std::move(key), std::move(certificate)};
}

AttestationKey load_or_create_enterprise(CredentialStore& store, const Record& record, const Aaguid& aaguid,
                                         Random& random, const Clock& clock) {
  constexpr std::size_t kKey = PrivateKey::size();
  const auto stored = store.load(RecordKind::enterprise);
  if (!stored) throw std::runtime_error{stored.error().message};
  if (*stored) {
    const ByteView bytes = **stored;
    if (bytes.size() > kKey + aaguid.size() && crypto::p256::is_private_key(bytes.first(kKey)) &&
        std::ranges::equal(bytes.subspan(kKey, aaguid.size()), aaguid)) {
      const auto certificate = bytes.subspan(kKey + aaguid.size());
      return {PrivateKey::copy_of(bytes.first(kKey)), Bytes{certificate.begin(), certificate.end()}};
    }
  }
  return make_enterprise_key(store, record, aaguid, random, clock);
}

/// Nothing where the store has none yet.
std::optional<Record> load(CredentialStore& store) {
  const auto stored = store.load(RecordKind::attestation);
  if (!stored) throw std::runtime_error{stored.error().message};
  if (!*stored) return std::nullopt;
  auto record = decode(**stored);
  if (!record) {
    throw std::runtime_error{
        "The keystore's attestation record is not one that this version understands; use the fauxkey that "
        "wrote it."};
  }
  return record;
}

}  // namespace

Attestation Attestation::load_or_create(CredentialStore& store, const KeyConfig& config, Random& random,
                                        const Clock& clock) {
  const auto& persona = config.persona;
  auto loaded = load(store);
  const bool is_new = !loaded;
  Record record = std::move(loaded).value_or(Record{});
  if (is_new) record.root = make_attestation_root(random, clock);
  const bool changed = is_new || record.aaguid != persona.aaguid;
  if (changed) {
    make_leaf(record, persona.aaguid, random, clock);
    const auto saved = store.save(RecordKind::attestation, encode(record));
    if (!saved) throw std::runtime_error{saved.error().message};
  }
  Attestation attestation{{std::move(record.leaf_key), std::move(record.leaf)}, record.root.certificate};
  attestation.own_root_ = record.root.certificate;
  if (config.attestation_root) {
    const auto& shared = *config.attestation_root;
    const AttestationAuthority authority{shared};
    attestation.shared_ = config.attestation_root;
    attestation.root_ = shared.certificate;
    attestation.leaf_ = derived_leaf(authority, LeafKind::u2f, persona.aaguid, {}, random);
    if (config.enterprise)
      attestation.enterprise_ = derived_enterprise(authority, record, persona.aaguid, random);
  } else if (config.enterprise) {
    attestation.enterprise_ = load_or_create_enterprise(store, record, persona.aaguid, random, clock);
  }
  // What cannot be is told at once, not at the first registration.
  if (config.attestation_chain > 1)
    (void)AttestationAuthority{*attestation.load_root(store)}.intermediate(random);
  return attestation;
}

std::shared_ptr<const AttestationRoot> attestation_root_of(CredentialStore& store, Random& random,
                                                           const Clock& clock) {
  // Without a look at the leaf, which is for a model that is not known here.
  if (auto record = load(store)) return std::make_shared<const AttestationRoot>(std::move(record->root));
  return Attestation::load_or_create(store, KeyConfig{}, random, clock).load_root(store);
}

std::shared_ptr<const AttestationRoot> Attestation::load_root(CredentialStore& store) const {
  if (shared_) return shared_;
  auto record = load(store);
  if (!record) throw std::runtime_error{"The keystore has lost its attestation record."};
  return std::make_shared<const AttestationRoot>(std::move(record->root));
}

}  // namespace fauxkey
