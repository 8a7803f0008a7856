#include "control/faults/signed_answer.h"

#include <algorithm>
#include <utility>

#include "control/faults/members.h"
#include "fauxkey/status.h"

namespace fauxkey::control::faults {
namespace {

// Members of makeCredential's answer (CTAP 2.3, 6.1.2).
constexpr int kFmt = 1, kAuthData = 2, kAttStmt = 3, kEpAtt = 4;
// Of getAssertion's (6.2.2).
constexpr int kCredential = 1, kSignature = 3, kUser = 4, kAssertionEpAtt = 9, kAssertionAttStmt = 10;

constexpr int kCoseAlg = 3;
constexpr std::size_t kPoint = 65, kU2fHeader = 5, kStatusWord = 2;
constexpr std::uint8_t kU2fReserved = 0x05;

void set(cbor::Map& map, int key, cbor::Value value) {
  for (auto& [known, old] : map) {
    if (known == cbor::Value{key}) {
      old = std::move(value);
      return;
    }
  }
  map.emplace_back(key, std::move(value));
}

void erase(cbor::Map& map, int key) {
  std::erase_if(map, [&](const auto& entry) { return entry.first == cbor::Value{key}; });
}

bool read_ctap(const Request& request, ByteView bytes, SignedAnswer& answer) {
  if (bytes.size() < 2 || bytes[0] != static_cast<std::uint8_t>(Status::ok)) return false;
  const auto decoded = cbor::decode(bytes.subspan(1));
  const auto* map = decoded ? decoded->as<cbor::Map>() : nullptr;
  const auto* auth_data = map != nullptr ? member<Bytes>(*map, kAuthData) : nullptr;
  if (auth_data == nullptr) return false;
  auto data = read_authenticator_data(*auth_data);
  if (!data) return false;
  answer.members = *map;
  answer.data = *std::move(data);
  if (request.kind == kRegistration) {
    if (!answer.data.attested || member<std::string>(*map, kFmt) == nullptr ||
        member<cbor::Map>(*map, kAttStmt) == nullptr)
      return false;
    answer.original_id = answer.data.attested->credential_id;
    return true;
  }
  const auto* credential = member<cbor::Map>(*map, kCredential);
  const auto* id = credential != nullptr ? member<Bytes>(*credential, "id") : nullptr;
  if (id == nullptr || member<Bytes>(*map, kSignature) == nullptr) return false;
  answer.original_id = *id;
  if (const auto* user = member<cbor::Map>(*map, kUser)) answer.user = *user;
  return true;
}

/// FIDO U2F Raw Message Formats 1.2, 4.3 and 5.4.
bool read_u2f(const Request& request, ByteView bytes, SignedAnswer& answer) {
  if (!request.rp_id_hash || bytes.size() < kU2fHeader + kStatusWord || bytes[bytes.size() - 2] != 0x90 ||
      bytes.back() != 0x00)
    return false;
  answer.data.rp_id_hash = *request.rp_id_hash;
  if (request.kind == kU2fAssertion) {
    answer.data.flags = bytes[0];
    for (const std::uint8_t byte : bytes.subspan(1, 4))
      answer.data.counter = answer.data.counter << 8U | byte;
    answer.original_id = request.key_handle;
    return true;
  }
  if (bytes[0] != kU2fReserved || bytes.size() < 1 + kPoint + 1) return false;
  const auto point = bytes.subspan(1, kPoint);
  const std::size_t length = bytes[1 + kPoint];
  const auto rest = bytes.subspan(1 + kPoint + 1);
  if (rest.size() < length) return false;
  answer.original_id.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(length));
  answer.data.attested =
      AttestedCredential{.credential_id = answer.original_id, .public_key = {point.begin(), point.end()}};
  return true;
}

Bytes joined(Bytes first, ByteView second) {
  append(first, second);
  return first;
}

void distort(const SignedAnswer& answer, Bytes& signature) {
  if (answer.distort != nullptr && !signature.empty()) answer.distort(signature);
}

/// The attestation statement over `to_sign`, in the form that it has or shall have.
std::optional<cbor::Value> statement(const SignedAnswer& answer, const cbor::Map& original, bool enterprise,
                                     ByteView to_sign, VirtualKey& key) {
  using Statement = SignedAnswer::Statement;
  if (answer.statement == Statement::none || answer.statement == Statement::missing) return cbor::Map{};
  const bool genuine = answer.attestation == AttestationVariant::genuine;
  const bool unchanged = answer.statement == Statement::unchanged && genuine;
  if (unchanged && cbor::find(original, "sig") == nullptr) return original;
  if (answer.statement == Statement::self || (unchanged && cbor::find(original, "x5c") == nullptr)) {
    const auto cose =
        answer.original.attested ? cbor::decode(answer.original.attested->public_key) : cbor::decode({});
    const auto* cose_map = cose ? cose->as<cbor::Map>() : nullptr;
    // An assertion does not tell its algorithm; its statement does, where the credential itself signed that.
    const auto* alg = cose_map != nullptr ? cbor::find(*cose_map, kCoseAlg) : cbor::find(original, "alg");
    auto signature = key.sign_as_credential(answer.original_id, answer.original.rp_id_hash, to_sign);
    if (!signature || alg == nullptr) return std::nullopt;
    return cbor::Map{{"alg", *alg}, {"sig", *std::move(signature)}};
  }
  auto attested = key.sign_as_attestation(
      genuine && enterprise ? AttestationVariant::enterprise : answer.attestation, to_sign);
  if (!attested) return std::nullopt;
  return cbor::Map{{"alg", static_cast<int>(Algorithm::es256)},
                   {"sig", std::move(attested->signature)},
                   {"x5c", cbor::Array{std::move(attested->certificate)}}};
}

std::optional<cbor::Value> with_distorted_signature(const SignedAnswer& answer, cbor::Value value) {
  const auto* map = value.as<cbor::Map>();
  const auto* signature = map != nullptr ? member<Bytes>(*map, "sig") : nullptr;
  if (signature == nullptr) return value;
  Bytes distorted = *signature;
  distort(answer, distorted);
  cbor::Map changed = *map;
  const auto entry = std::ranges::find(changed, cbor::Value{"sig"}, &cbor::Map::value_type::first);
  entry->second = std::move(distorted);
  return changed;
}

std::optional<Bytes> sign_registration(const SignedAnswer& answer, VirtualKey& key) {
  const Bytes auth_data = write(answer.data);
  const Bytes to_sign = joined(auth_data, answer.client_data_hash);
  const auto& original = *member<cbor::Map>(answer.members, kAttStmt);
  const bool enterprise = cbor::find(answer.members, kEpAtt) != nullptr;
  auto made = statement(answer, original, enterprise, to_sign, key);
  if (!made) return std::nullopt;
  cbor::Map members = answer.members;
  set(members, kAuthData, auth_data);
  set(members, kAttStmt, *with_distorted_signature(answer, *std::move(made)));
  if (answer.statement != SignedAnswer::Statement::unchanged ||
      answer.attestation != AttestationVariant::genuine) {
    set(members, kFmt, answer.statement == SignedAnswer::Statement::none ? "none" : "packed");
    erase(members, kEpAtt);
  }
  return joined({static_cast<std::uint8_t>(Status::ok)}, cbor::encode(members));
}

std::optional<Bytes> sign_assertion(const SignedAnswer& answer, VirtualKey& key) {
  const Bytes auth_data = write(answer.data);
  const Bytes to_sign = joined(auth_data, answer.client_data_hash);
  auto signature = key.sign_as_credential(answer.original_id, answer.original.rp_id_hash, to_sign);
  if (!signature) return std::nullopt;
  distort(answer, *signature);
  cbor::Map members = answer.members;
  cbor::Map credential = *member<cbor::Map>(members, kCredential);
  for (auto& [name, value] : credential) {
    if (name == cbor::Value{"id"}) value = answer.credential_id;
  }
  set(members, kCredential, std::move(credential));
  set(members, kAuthData, auth_data);
  set(members, kSignature, *std::move(signature));
  if (answer.user)
    set(members, kUser, *answer.user);
  else
    erase(members, kUser);
  if (const auto* attested = member<cbor::Map>(answer.members, kAssertionAttStmt)) {
    const bool enterprise = cbor::find(answer.members, kAssertionEpAtt) != nullptr;
    auto made = statement(answer, *attested, enterprise, to_sign, key);
    if (!made) return std::nullopt;
    set(members, kAssertionAttStmt, *std::move(made));
  }
  return joined({static_cast<std::uint8_t>(Status::ok)}, cbor::encode(members));
}

std::optional<Bytes> sign_u2f_registration(const SignedAnswer& answer, VirtualKey& key) {
  const auto& attested = *answer.data.attested;
  if (attested.credential_id.size() > 0xFF) return std::nullopt;
  Bytes to_sign{0x00};
  append(to_sign, answer.data.rp_id_hash);
  append(to_sign, answer.client_data_hash);
  append(to_sign, attested.credential_id);
  append(to_sign, attested.public_key);
  auto made = key.sign_as_attestation(answer.attestation, to_sign);
  if (!made) return std::nullopt;
  distort(answer, made->signature);

  Bytes bytes{kU2fReserved};
  append(bytes, attested.public_key);
  bytes.push_back(static_cast<std::uint8_t>(attested.credential_id.size()));
  append(bytes, attested.credential_id);
  append(bytes, made->certificate);
  append(bytes, made->signature);
  bytes.insert(bytes.end(), {0x90, 0x00});
  return bytes;
}

std::optional<Bytes> sign_u2f_assertion(const SignedAnswer& answer, VirtualKey& key) {
  Bytes bytes{answer.data.flags};
  for (const int shift : {24, 16, 8, 0})
    bytes.push_back(static_cast<std::uint8_t>(answer.data.counter >> shift));
  Bytes to_sign{answer.data.rp_id_hash.begin(), answer.data.rp_id_hash.end()};
  append(to_sign, bytes);
  append(to_sign, answer.client_data_hash);
  auto signature = key.sign_as_credential(answer.original_id, answer.original.rp_id_hash, to_sign);
  if (!signature) return std::nullopt;
  distort(answer, *signature);
  append(bytes, *signature);
  bytes.insert(bytes.end(), {0x90, 0x00});
  return bytes;
}

}  // namespace

bool SignedAnswer::has_signature() const {
  if (kind != kRegistration) return true;
  if (statement == Statement::none || statement == Statement::missing) return false;
  return cbor::find(*member<cbor::Map>(members, kAttStmt), "sig") != nullptr ||
         statement == Statement::self || attestation != AttestationVariant::genuine;
}

std::optional<SignedAnswer> read_signed(const Request& request, ByteView bytes) {
  SignedAnswer answer;
  if ((request.kind & kSigned) == 0 || request.client_data_hash.empty()) return std::nullopt;
  answer.kind = request.kind;
  const bool read = request.is_u2f() ? read_u2f(request, bytes, answer) : read_ctap(request, bytes, answer);
  if (!read) return std::nullopt;
  answer.client_data_hash = request.client_data_hash;
  answer.credential_id = answer.original_id;
  answer.original = answer.data;
  return answer;
}

std::optional<Bytes> sign_anew(const SignedAnswer& answer, VirtualKey& key) {
  switch (answer.kind) {
    case kRegistration:
      return sign_registration(answer, key);
    case kAssertion:
      return sign_assertion(answer, key);
    case kU2fRegistration:
      return sign_u2f_registration(answer, key);
    default:
      return sign_u2f_assertion(answer, key);
  }
}

}  // namespace fauxkey::control::faults
