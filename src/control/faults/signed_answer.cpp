#include "control/faults/signed_answer.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/wiping.h"
#include "control/faults/members.h"
#include "fauxkey/status.h"

namespace fauxkey::control::faults {
namespace {

// Members of makeCredential's answer (CTAP 2.3, 6.1.2).
constexpr int kFmt = 1, kAuthData = 2, kAttStmt = 3, kEpAtt = 4;
// Of getAssertion's (6.2.2).
constexpr int kCredential = 1, kSignature = 3, kUser = 4, kAssertionEpAtt = 9, kAssertionAttStmt = 10;

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

/// The statement, or the first of a compound one's (WebAuthn 8.9); nullptr where it is neither.
const cbor::Map* first_statement(const cbor::Value* value) {
  if (value == nullptr) return nullptr;
  if (const auto* map = value->as<cbor::Map>()) return map;
  const auto* array = value->as<cbor::Array>();
  const auto* element = array != nullptr && !array->empty() ? array->front().as<cbor::Map>() : nullptr;
  return element != nullptr ? member<cbor::Map>(*element, "attStmt") : nullptr;
}
const cbor::Map* first_statement(const cbor::Map& members) {
  return first_statement(cbor::find(members, kAttStmt));
}

bool read_ctap(const Request& request, ByteView bytes, SignedAnswer& answer) {
  if (bytes.size() < 2 || bytes[0] != static_cast<std::uint8_t>(Status::ok)) return false;
  const auto decoded = cbor::decode(bytes.subspan(1), cbor::kMaxAnswerNesting);
  const auto* map = decoded ? decoded->as<cbor::Map>() : nullptr;
  const auto* auth_data = map != nullptr ? member<Bytes>(*map, kAuthData) : nullptr;
  if (auth_data == nullptr) return false;
  auto data = read_authenticator_data(*auth_data);
  if (!data) return false;
  answer.members = *map;
  answer.data = *std::move(data);
  if (request.kind == kRegistration) {
    if (!answer.data.attested || member<std::string>(*map, kFmt) == nullptr ||
        first_statement(*map) == nullptr)
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

/// An attestation statement and its format.
struct MadeStatement {
  std::string format;
  cbor::Value statement;
};

/// The attestation statement over these authenticator data, in the form that the original has or is to have.
std::optional<MadeStatement> statement(const SignedAnswer& answer, const std::string& format,
                                       const cbor::Value& original, bool enterprise, const Bytes& auth_data,
                                       VirtualKey& key) {
  using Statement = SignedAnswer::Statement;
  if (answer.statement == Statement::none) return MadeStatement{"none", cbor::Map{}};
  if (answer.statement == Statement::missing) return MadeStatement{"packed", cbor::Map{}};
  const bool genuine = answer.attestation == AttestationVariant::genuine;
  const bool unchanged = answer.statement == Statement::unchanged && genuine;
  if (unchanged && format == "none") return MadeStatement{format, original};
  const auto* first = first_statement(&original);
  const bool has_certificates = first != nullptr && cbor::find(*first, "x5c") != nullptr;
  AttestationRequest request{
      .format = has_certificates && answer.statement == Statement::unchanged ? format : "packed",
      .self = answer.statement == Statement::self || (unchanged && !has_certificates),
      .variant = genuine && enterprise ? AttestationVariant::enterprise : answer.attestation,
      .credential_id = answer.original_id,
      .rp_id_hash = answer.original.rp_id_hash,
      .told_credential_id = answer.data.attested ? answer.data.attested->credential_id : answer.credential_id,
      .authenticator_data = auth_data,
      .client_data_hash = answer.client_data_hash};
  if (request.self) request.variant = AttestationVariant::genuine;
  const auto made = key.attest(request);
  if (!made) return std::nullopt;
  auto decoded = cbor::decode(*made, cbor::kMaxAnswerNesting);
  if (!decoded) return std::nullopt;
  return MadeStatement{request.format, *std::move(decoded)};
}

/// An assertion does not tell its attestation's format, so that follows from what is in it.
std::string format_of(const cbor::Value& statement) {
  const auto* map = statement.as<cbor::Map>();
  if (map == nullptr) return "compound";
  if (map->empty()) return "none";
  if (cbor::find(*map, "certInfo") != nullptr) return "tpm";
  if (cbor::find(*map, "sig") == nullptr) return "apple";
  if (cbor::find(*map, "alg") == nullptr) return "fido-u2f";
  const auto* x5c = member<cbor::Array>(*map, "x5c");
  constexpr std::string_view kKeyDescription = "\x2b\x06\x01\x04\x01\xd6\x79\x02\x01\x11";
  const auto* leaf = x5c != nullptr && !x5c->empty() ? x5c->front().as<Bytes>() : nullptr;
  const bool is_android = leaf != nullptr && !std::ranges::search(text_of(*leaf), kKeyDescription).empty();
  return is_android ? "android-key" : "packed";
}

void distort_signature(const SignedAnswer& answer, cbor::Map& map) {
  const auto* signature = member<Bytes>(map, "sig");
  if (signature == nullptr) return;
  Bytes distorted = *signature;
  distort(answer, distorted);
  std::ranges::find(map, cbor::Value{"sig"}, &cbor::Map::value_type::first)->second = std::move(distorted);
}

/// Of a compound statement, all of its signatures.
cbor::Value with_distorted_signature(const SignedAnswer& answer, cbor::Value value) {
  if (const auto* map = value.as<cbor::Map>()) {
    cbor::Map changed = *map;
    distort_signature(answer, changed);
    return changed;
  }
  const auto* array = value.as<cbor::Array>();
  if (array == nullptr) return value;
  cbor::Array elements;
  elements.reserve(array->size());
  for (const auto& element : *array) {
    cbor::Map changed = element.as<cbor::Map>() != nullptr ? *element.as<cbor::Map>() : cbor::Map{};
    for (auto& [name, inner] : changed) {
      if (inner.as<cbor::Map>() != nullptr) inner = with_distorted_signature(answer, inner);
    }
    elements.emplace_back(std::move(changed));
  }
  return elements;
}

std::optional<Bytes> sign_registration(const SignedAnswer& answer, VirtualKey& key) {
  const Bytes auth_data = write(answer.data);
  const auto& original = *cbor::find(answer.members, kAttStmt);
  const bool enterprise = cbor::find(answer.members, kEpAtt) != nullptr;
  auto made =
      statement(answer, *member<std::string>(answer.members, kFmt), original, enterprise, auth_data, key);
  if (!made) return std::nullopt;
  cbor::Map members = answer.members;
  set(members, kAuthData, auth_data);
  set(members, kFmt, std::move(made->format));
  set(members, kAttStmt, with_distorted_signature(answer, std::move(made->statement)));
  if (answer.statement != SignedAnswer::Statement::unchanged ||
      answer.attestation != AttestationVariant::genuine)
    erase(members, kEpAtt);
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
  if (const auto* attested = cbor::find(answer.members, kAssertionAttStmt)) {
    const bool enterprise = cbor::find(answer.members, kAssertionEpAtt) != nullptr;
    auto made = statement(answer, format_of(*attested), *attested, enterprise, auth_data, key);
    if (!made) return std::nullopt;
    set(members, kAssertionAttStmt, std::move(made->statement));
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
  const auto& before = *first_statement(members);
  if (statement == Statement::self || cbor::find(before, "sig") != nullptr) return true;
  // Where there was none, a certificate's attestation is packed; Apple's has no signature.
  return before.empty() && attestation != AttestationVariant::genuine;
}

bool SignedAnswer::has_variant(AttestationVariant variant) const {
  if (is_u2f() || variant != AttestationVariant::wrong_aaguid) return true;
  // Those whose certificates name no model.
  constexpr std::array<std::string_view, 3> kWithout{"fido-u2f", "android-key", "apple"};
  const auto* format = member<std::string>(members, kFmt);
  return format == nullptr || std::ranges::find(kWithout, *format) == kWithout.end();
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
