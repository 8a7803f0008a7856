#include "attack/soft_key.h"

#include <utility>

#include "control/faults/rules.h"
#include "control/faults/wrap.h"
#include "control/sources.h"
#include "crypto/hash.h"
#include "fauxkey/status.h"
#include "fauxkey/virtual_key.h"
#include "keystore/memory_store.h"
#include "transport/transport.h"
#include "user/policy_gates.h"

namespace fauxkey::attack {
namespace {

constexpr std::uint8_t kMakeCredential = 0x01, kGetAssertion = 0x02;

/// Faults stand between a transport and a key; here there are no packets.
class NoTransport final : public transport::Transport {
 public:
  [[nodiscard]] int fd() const override { return -1; }
  [[nodiscard]] std::optional<transport::Report> read() override { return std::nullopt; }
  void write(const transport::Report& /*report*/) override {}
  [[nodiscard]] transport::Pacing pacing() const override { return {}; }
  [[nodiscard]] std::string address() const override { return {}; }
};

/// A member of this type; nullptr where there is none.
template <class T>
const T* member_of(const cbor::Map& map, auto key) {
  const auto* const value = cbor::find(map, key);
  return value != nullptr ? value->template as<T>() : nullptr;
}

KeyConfig with_verification(KeyConfig config) {
  config.built_in_uv = BuiltInUvKind::prompt;
  return config;
}

}  // namespace

struct SoftKey::Parts {
  explicit Parts(const KeyConfig& config)
      : sources{std::nullopt},
        store{sources.clock},
        key{with_verification(config), Ports{store, gate, sources.clock, *sources.random}} {
    ctaphid::Handlers handlers{
        .cbor = [this](ByteView message,
                       const Exchange& exchange) { return key.process_cbor(message, exchange); },
        .msg = {},
        .wink = {}};
    faulty = control::faults::wrap(std::make_unique<NoTransport>(), std::move(handlers), rules, key,
                                   sources.clock);
  }

  control::Sources sources;
  MemoryStore store;
  user::AutoGate gate;
  VirtualKey key;
  control::faults::Rules rules;
  control::faults::Wrapped faulty;
};

SoftKey::SoftKey(const KeyConfig& config) : parts_{std::make_unique<Parts>(config)} {}
SoftKey::~SoftKey() = default;

std::expected<cbor::Map, std::string> SoftKey::ask(std::uint8_t command, const char* name,
                                                   const cbor::Map& request,
                                                   const std::vector<Json>& faults) {
  auto& rules = parts_->rules;
  std::vector<control::faults::Id> ids;
  ids.reserve(faults.size());
  try {
    for (const auto& action : faults)
      ids.push_back(rules.add({{"match", {{"command", name}}}, {"action", action}}));
  } catch (const control::faults::RuleError& error) {
    for (const auto id : ids) rules.remove(id);
    return std::unexpected{"a fault is not in order: " + std::string{error.what()}};
  }
  Bytes message{command};
  append(message, cbor::encode(request));
  Exchange exchange{.channel = 1, .stop = {}, .on_waiting = {}, .on_refusal = {}};
  std::string why;
  exchange.on_refusal = [&why](std::string_view reason) { why = reason; };
  const auto answer = parts_->faulty.handlers.cbor(message, exchange);
  std::string idle;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto rule = rules.get(ids[i]);
    if (rule && rule->value("hits", 0) == 0) idle = faults[i].value("type", "");
    rules.remove(ids[i]);
  }
  if (answer.empty() || answer[0] != static_cast<std::uint8_t>(Status::ok)) {
    const auto* const status = answer.empty() ? "nothing" : fauxkey::name_of(static_cast<Status>(answer[0]));
    return std::unexpected{"the key answers " + std::string{status} + (why.empty() ? "" : " (" + why + ")")};
  }
  if (!idle.empty())
    return std::unexpected{"the fault " + idle + " found nothing to change in the key's answer"};
  const auto decoded = cbor::decode(ByteView{answer}.subspan(1));
  const auto* const map = decoded ? decoded->as<cbor::Map>() : nullptr;
  if (map == nullptr) return std::unexpected{std::string{"the key's answer is no CBOR map"}};
  return *map;
}

std::expected<SoftKey::Made, std::string> SoftKey::make(const NewCredential& request,
                                                        const std::vector<Json>& faults) {
  cbor::Array parameters;
  parameters.reserve(request.algorithms.size());
  for (const auto algorithm : request.algorithms)
    parameters.emplace_back(cbor::Map{{"alg", algorithm}, {"type", "public-key"}});
  const cbor::Map message{{1, cbor::Value::bytes(request.client_data_hash)},
                          {2, cbor::Map{{"id", request.rp_id}, {"name", request.rp_name}}},
                          {3, cbor::Map{{"id", request.user_handle},
                                        {"name", request.user_name},
                                        {"displayName", request.display_name}}},
                          {4, std::move(parameters)},
                          {7, cbor::Map{{"rk", request.discoverable}, {"uv", true}}}};
  const auto answer = ask(kMakeCredential, "makeCredential", message, faults);
  if (!answer) return std::unexpected{answer.error()};
  const auto* const format = member_of<std::string>(*answer, 1);
  const auto* const data = member_of<Bytes>(*answer, 2);
  const auto* const statement = member_of<cbor::Map>(*answer, 3);
  if (format == nullptr || data == nullptr || statement == nullptr)
    return std::unexpected{std::string{"the key's answer lacks fmt, authData or attStmt"}};
  return Made{.authenticator_data = *data, .format = *format, .statement = *statement};
}

std::expected<SoftKey::Asserted, std::string> SoftKey::log_in(const Login& request,
                                                              const std::vector<Json>& faults) {
  cbor::Map message{{1, request.rp_id},
                    {2, cbor::Value::bytes(request.client_data_hash)},
                    {5, cbor::Map{{"up", true}, {"uv", true}}}};
  if (request.credential_id) {
    message.emplace_back(3, cbor::Array{cbor::Map{{"id", *request.credential_id}, {"type", "public-key"}}});
  }
  const auto answer = ask(kGetAssertion, "getAssertion", message, faults);
  if (!answer) return std::unexpected{answer.error()};
  const auto* const credential = member_of<cbor::Map>(*answer, 1);
  const auto* const id = credential != nullptr ? member_of<Bytes>(*credential, "id") : nullptr;
  const auto* const data = member_of<Bytes>(*answer, 2);
  const auto* const signature = member_of<Bytes>(*answer, 3);
  if (id == nullptr || data == nullptr || signature == nullptr)
    return std::unexpected{std::string{"the key's answer lacks credential, authData or signature"}};
  Asserted asserted{
      .credential_id = *id, .authenticator_data = *data, .signature = *signature, .user_handle = {}};
  if (const auto* const user = member_of<cbor::Map>(*answer, 4)) {
    if (const auto* const handle = member_of<Bytes>(*user, "id")) asserted.user_handle = *handle;
  }
  return asserted;
}

std::optional<Bytes> SoftKey::sign_as_credential(ByteView credential_id, const std::string& rp_id,
                                                 ByteView message) {
  return parts_->key.sign_as_credential(credential_id, crypto::sha256(rp_id), message);
}

std::optional<cbor::Map> SoftKey::attest(const Bytes& credential_id, const std::string& rp_id,
                                         const Bytes& authenticator_data,
                                         const Sha256Hash& client_data_hash) {
  const auto statement =
      parts_->key.attest({.format = "packed",
                          .credential_id = credential_id,
                          .rp_id_hash = crypto::sha256(rp_id),
                          .told_credential_id = credential_id,
                          .authenticator_data = authenticator_data,
                          .client_data_hash = {client_data_hash.begin(), client_data_hash.end()}});
  const auto decoded = statement ? cbor::decode(*statement) : cbor::decode({});
  const auto* const map = decoded ? decoded->as<cbor::Map>() : nullptr;
  return map != nullptr ? std::optional{*map} : std::nullopt;
}

std::vector<std::int64_t> SoftKey::algorithms() const {
  std::vector<std::int64_t> numbers;
  numbers.reserve(parts_->key.algorithms().size());
  for (const auto algorithm : parts_->key.algorithms())
    numbers.push_back(static_cast<std::int64_t>(algorithm));
  return numbers;
}

Bytes SoftKey::attestation_root() const { return parts_->key.attestation_root(); }

}  // namespace fauxkey::attack
