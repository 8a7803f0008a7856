#include "authenticator/attestation.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

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

// WebAuthn 8.2.1: C is an ISO 3166 code, O the vendor's name, OU this very text, CN of the vendor's choice.
// No country stands behind this key, so it has the code of the one place that has no government.
constexpr const char* kRootName = "C=AQ,O=fauxkey,CN=fauxkey attestation root";
constexpr const char* kLeafName = "C=AQ,O=fauxkey,OU=Authenticator Attestation,CN=fauxkey attestation";

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kYear = 365 * kDay + kDay / 4;
constexpr std::int64_t kRootLifetime = 30 * kYear;
constexpr std::int64_t kLeafLifetime = 25 * kYear;
// 2020-01-01: what a machine takes whose clock was never set, so that its certificates do not end before they
// are used.
constexpr std::int64_t kEarliest = 1'577'836'800;

struct Record {
  PrivateKey root_key;
  PrivateKey leaf_key;
  Bytes root;
  Bytes leaf;
  Aaguid aaguid{};
};

SecretBytes encode(const Record& record) {
  const Bytes known = cbor::encode(cbor::Map{{kVersion, kCurrentVersion},
                                             {kRootCertificate, record.root},
                                             {kLeafCertificate, record.leaf},
                                             {kAaguid, cbor::Value::bytes(record.aaguid)}});
  SecretBytes bytes{2 * PrivateKey::size() + known.size()};
  const ByteView root_key{record.root_key};
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
  record.root_key = PrivateKey::copy_of(bytes.first(PrivateKey::size()));
  record.leaf_key = PrivateKey::copy_of(bytes.subspan(PrivateKey::size(), PrivateKey::size()));
  if (!crypto::p256::is_private_key(record.root_key) || !crypto::p256::is_private_key(record.leaf_key))
    return std::nullopt;
  record.root = *root;
  record.leaf = *leaf;
  std::copy(aaguid->begin(), aaguid->end(), record.aaguid.begin());
  return record;
}

// A random number of 126 bits: positive, and always of the same length (RFC 5280, 4.1.2.2).
std::array<std::uint8_t, 16> serial_number(Random& random) {
  auto serial = random.bytes<16>();
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);
  return serial;
}

// A day back, for verifiers whose clock is a little behind.
std::int64_t valid_from(const Clock& clock) { return std::max(clock.unix_time() - kDay, kEarliest); }

void make_root(Record& record, Random& random, const Clock& clock) {
  record.root_key = crypto::p256::generate(random);
  const std::int64_t begin = valid_from(clock);
  record.root = crypto::x509::issue({.subject = kRootName,
                                     .public_key = crypto::p256::public_key(record.root_key),
                                     .not_before = begin,
                                     .not_after = begin + kRootLifetime,
                                     .serial = serial_number(random),
                                     .certificate_authority = true,
                                     .aaguid = std::nullopt},
                                    kRootName, record.root_key, random);
}

Bytes issue_leaf(const PrivateKey& key, const Attestation::Leaf& leaf, const PrivateKey& root_key,
                 Random& random) {
  return crypto::x509::issue({.subject = kLeafName,
                              .public_key = crypto::p256::public_key(key),
                              .not_before = leaf.not_before,
                              .not_after = leaf.not_after,
                              .serial = serial_number(random),
                              .certificate_authority = false,
                              .aaguid = leaf.aaguid},
                             kRootName, root_key, random);
}

void make_leaf(Record& record, const Aaguid& aaguid, Random& random, const Clock& clock) {
  record.aaguid = aaguid;
  record.leaf_key = crypto::p256::generate(random);
  const std::int64_t begin = valid_from(clock);
  record.leaf =
      issue_leaf(record.leaf_key, {.not_before = begin, .not_after = begin + kLeafLifetime, .aaguid = aaguid},
                 record.root_key, random);
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
  const auto hash = crypto::sha256(record.root);
  return {hash.begin(), hash.begin() + kDeviceSerialSize};
}

AttestationKey make_enterprise_key(CredentialStore& store, const Record& record, const Aaguid& aaguid,
                                   Random& random, const Clock& clock) {
  auto key = crypto::p256::generate(random);
  const std::int64_t begin = valid_from(clock);
  auto certificate = crypto::x509::issue({.subject = kEnterpriseName,
                                          .public_key = crypto::p256::public_key(key),
                                          .not_before = begin,
                                          .not_after = begin + kLeafLifetime,
                                          .serial = serial_number(random),
                                          .certificate_authority = false,
                                          .aaguid = aaguid,
                                          .device_serial = device_serial(record)},
                                         kRootName, record.root_key, random);
  SecretBytes bytes{PrivateKey::size() + aaguid.size() + certificate.size()};
  auto* end = std::ranges::copy(key.view(), bytes.data()).out;
  end = std::ranges::copy(aaguid, end).out;
  std::ranges::copy(certificate, end);
  if (const auto saved = store.save(RecordKind::enterprise, bytes); !saved) {
    throw std::runtime_error{saved.error().message};
  }
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
  if (is_new) make_root(record, random, clock);
  const bool changed = is_new || record.aaguid != persona.aaguid;
  if (changed) {
    make_leaf(record, persona.aaguid, random, clock);
    const auto saved = store.save(RecordKind::attestation, encode(record));
    if (!saved) throw std::runtime_error{saved.error().message};
  }
  std::optional<AttestationKey> enterprise;
  if (config.enterprise) enterprise = load_or_create_enterprise(store, record, persona.aaguid, random, clock);
  Attestation attestation{{std::move(record.leaf_key), std::move(record.leaf)}, std::move(record.root)};
  attestation.enterprise_ = std::move(enterprise);
  return attestation;
}

AttestationKey Attestation::issue(CredentialStore& store, const Leaf& leaf, Random& random) {
  const auto record = load(store);
  if (!record) throw std::runtime_error{"The keystore has lost its attestation record."};
  auto key = crypto::p256::generate(random);
  auto certificate = issue_leaf(key, leaf, record->root_key, random);
  return {std::move(key), std::move(certificate)};
}

AttestationKey Attestation::issue_by_other_root(const Leaf& leaf, Random& random) {
  const auto root_key = crypto::p256::generate(random);
  auto key = crypto::p256::generate(random);
  auto certificate = issue_leaf(key, leaf, root_key, random);
  return {std::move(key), std::move(certificate)};
}

}  // namespace fauxkey
