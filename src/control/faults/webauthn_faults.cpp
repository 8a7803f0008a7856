#include "control/faults/webauthn_faults.h"

#include <algorithm>
#include <array>

#include "control/faults/signed_answer.h"
#include "crypto/hash.h"

namespace fauxkey::control::faults {
namespace {

template <class T, std::size_t N>
auto value_of(const std::array<std::pair<std::string_view, T>, N>& rows, std::string_view name) {
  return std::ranges::find(rows, name, [](const auto& row) { return row.first; })->second;
}

constexpr std::array kFlagBits{
    std::pair{std::string_view{"UP"}, kFlagUp}, std::pair{std::string_view{"UV"}, kFlagUv},
    std::pair{std::string_view{"BE"}, kFlagBe}, std::pair{std::string_view{"BS"}, kFlagBs},
    std::pair{std::string_view{"AT"}, kFlagAt}, std::pair{std::string_view{"ED"}, kFlagEd}};

struct Attested {
  SignedAnswer::Statement statement;
  AttestationVariant variant;
};
using Variant = AttestationVariant;
using Statement = SignedAnswer::Statement;
constexpr std::array kAttested{
    std::pair{std::string_view{"none"}, Attested{Statement::none, Variant::genuine}},
    std::pair{std::string_view{"missing"}, Attested{Statement::missing, Variant::genuine}},
    std::pair{std::string_view{"self"}, Attested{Statement::self, Variant::genuine}},
    std::pair{std::string_view{"expired"}, Attested{Statement::unchanged, Variant::expired}},
    std::pair{std::string_view{"notYetValid"}, Attested{Statement::unchanged, Variant::not_yet_valid}},
    std::pair{std::string_view{"wrongRoot"}, Attested{Statement::unchanged, Variant::wrong_root}},
    std::pair{std::string_view{"wrongKey"}, Attested{Statement::unchanged, Variant::wrong_key}},
    std::pair{std::string_view{"wrongAaguid"}, Attested{Statement::unchanged, Variant::wrong_aaguid}},
    std::pair{std::string_view{"revoked"}, Attested{Statement::unchanged, Variant::revoked}}};

void flip_last_bit(Bytes& signature) { signature.back() ^= 0x01; }
void cut_last_byte(Bytes& signature) { signature.pop_back(); }

bool distort_by(SignedAnswer& answer, void (*distort)(Bytes&)) {
  if (!answer.has_signature()) return false;
  answer.distort = distort;
  return true;
}

bool set_counter(SignedAnswer& answer, std::int64_t value) {
  answer.data.counter = static_cast<std::uint32_t>(value);
  return true;
}

/// An id that nobody has is made of one that somebody has.
Bytes inverted(Bytes bytes) {
  if (bytes.empty()) return {0x01};
  for (auto& byte : bytes) byte ^= 0xFF;
  return bytes;
}

bool set_credential_id(SignedAnswer& answer, Bytes id) {
  if (answer.is_registration())
    answer.data.attested->credential_id = std::move(id);
  else
    answer.credential_id = std::move(id);
  return true;
}

}  // namespace

bool bogus_signature(SignedAnswer& answer, const Arguments& /*arguments*/) {
  return distort_by(answer, flip_last_bit);
}

bool malformed_signature(SignedAnswer& answer, const Arguments& /*arguments*/) {
  return distort_by(answer, cut_last_byte);
}

bool signature_over_other_data(SignedAnswer& answer, const Arguments& /*arguments*/) {
  if (!answer.has_signature()) return false;
  answer.client_data_hash = inverted(std::move(answer.client_data_hash));
  return true;
}

bool rp_id_hash(SignedAnswer& answer, const Arguments& arguments) {
  answer.data.rp_id_hash = crypto::sha256(arguments.text("rpId"));
  return answer.data.rp_id_hash != answer.original.rp_id_hash;
}

bool flag(SignedAnswer& answer, const Arguments& arguments) {
  const auto bit = value_of(kFlagBits, arguments.text("flag"));
  if (answer.is_u2f() && bit != kFlagUp) return false;
  const auto before = answer.data.flags;
  answer.data.flags =
      static_cast<std::uint8_t>(arguments.flag("set") ? before | bit : before & static_cast<unsigned>(~bit));
  return answer.data.flags != before;
}

bool counter_equal(SignedAnswer& answer, const Arguments& /*arguments*/) {
  return set_counter(answer, answer.last_counter);
}

bool counter_back(SignedAnswer& answer, const Arguments& arguments) {
  return set_counter(answer,
                     std::max<std::int64_t>(std::int64_t{answer.last_counter} - arguments.number("by"), 0));
}

bool counter_wrapped(SignedAnswer& answer, const Arguments& /*arguments*/) { return set_counter(answer, 0); }

bool counter_value(SignedAnswer& answer, const Arguments& arguments) {
  return set_counter(answer, arguments.number("value"));
}

bool aaguid(SignedAnswer& answer, const Arguments& arguments) {
  auto& aaguid = answer.data.attested->aaguid;
  const auto* const given = arguments.find<Bytes>("aaguid");
  if (given != nullptr)
    std::ranges::copy(*given, aaguid.begin());
  else
    aaguid.fill(0);
  return aaguid != answer.original.attested->aaguid;
}

bool attestation(SignedAnswer& answer, const Arguments& arguments) {
  const auto attested = value_of(kAttested, arguments.text("statement"));
  if (answer.is_u2f() && attested.statement != Statement::unchanged) return false;
  if (!answer.has_variant(attested.variant)) return false;
  answer.statement = attested.statement;
  answer.attestation = attested.variant;
  return true;
}

bool public_key_algorithm(SignedAnswer& answer, const Arguments& arguments) {
  constexpr int kAlg = 3;  // RFC 9052, 7.1
  auto& encoded = answer.data.attested->public_key;
  const auto decoded = cbor::decode(encoded);
  const auto* map = decoded ? decoded->as<cbor::Map>() : nullptr;
  if (map == nullptr) return false;
  cbor::Map key = *map;
  for (auto& [label, value] : key) {
    if (label == cbor::Value{kAlg}) value = arguments.number("algorithm");
  }
  encoded = cbor::encode(key);
  return encoded != answer.original.attested->public_key;
}

bool credential_id_too_long(SignedAnswer& answer, const Arguments& arguments) {
  Bytes id = answer.original_id;
  id.resize(static_cast<std::size_t>(arguments.number("length")), 0xA5);
  return set_credential_id(answer, std::move(id));
}

bool credential_id_empty(SignedAnswer& answer, const Arguments& /*arguments*/) {
  return set_credential_id(answer, {});
}

bool credential_id_of_another(SignedAnswer& answer, const Arguments& arguments) {
  const auto* const given = arguments.find<Bytes>("credentialId");
  // U2F has one byte for its length.
  if (given != nullptr && answer.is_u2f() && given->size() > 0xFF) return false;
  return set_credential_id(answer, given != nullptr ? *given : inverted(answer.original_id));
}

bool user_handle_of_another(SignedAnswer& answer, const Arguments& arguments) {
  cbor::Map user = answer.user.value_or(cbor::Map{});
  const auto* const before = cbor::find(user, "id");
  const auto* const old = before != nullptr ? before->as<Bytes>() : nullptr;
  const auto* const given = arguments.find<Bytes>("userHandle");
  Bytes id = given != nullptr ? *given : inverted(old != nullptr ? *old : Bytes{});
  std::erase_if(user, [](const auto& entry) { return entry.first == cbor::Value{"id"}; });
  user.emplace_back("id", std::move(id));
  answer.user = std::move(user);
  return true;
}

bool user_handle_missing(SignedAnswer& answer, const Arguments& /*arguments*/) {
  if (!answer.user) return false;
  answer.user.reset();
  return true;
}

}  // namespace fauxkey::control::faults
