#include "control/key_options.h"

#include <algorithm>

#include "personas/personas.h"

namespace fauxkey::control {
namespace {

using user::Presence;

constexpr std::array kPresenceNames{
    Named{std::string_view{"approve"}, Presence::approve}, Named{std::string_view{"deny"}, Presence::deny},
    Named{std::string_view{"never"}, Presence::never}, Named{std::string_view{"ask"}, Presence::ask}};

constexpr std::array kProtocolNames{Named{std::string_view{"ctap2"}, true},
                                    Named{std::string_view{"u2f"}, false}};

constexpr std::array kVerifiedNames{Named{std::string_view{"yes"}, user::Verified::yes},
                                    Named{std::string_view{"no"}, user::Verified::no},
                                    Named{std::string_view{"refused"}, user::Verified::refused}};

// CTAP 2.3, 6.7.4: CTAP2_ENROLL_FEEDBACK_FP_…
constexpr std::array kSampleNames{
    Named{std::string_view{"good"}, SampleStatus::good},
    Named{std::string_view{"too-high"}, SampleStatus::too_high},
    Named{std::string_view{"too-low"}, SampleStatus::too_low},
    Named{std::string_view{"too-left"}, SampleStatus::too_left},
    Named{std::string_view{"too-right"}, SampleStatus::too_right},
    Named{std::string_view{"too-fast"}, SampleStatus::too_fast},
    Named{std::string_view{"too-slow"}, SampleStatus::too_slow},
    Named{std::string_view{"poor-quality"}, SampleStatus::poor_quality},
    Named{std::string_view{"too-skewed"}, SampleStatus::too_skewed},
    Named{std::string_view{"too-short"}, SampleStatus::too_short},
    Named{std::string_view{"merge-failure"}, SampleStatus::merge_failure},
    Named{std::string_view{"exists"}, SampleStatus::exists},
    Named{std::string_view{"no-user-activity"}, SampleStatus::no_user_activity},
    Named{std::string_view{"no-user-presence-transition"}, SampleStatus::no_user_presence_transition},
};

constexpr std::int64_t kMaxDelay = 24LL * 3600 * 1000;
constexpr std::size_t kMaxTransports = 8;

BadRequest no_such_name(const std::string& what, const std::string& known) {
  return BadRequest{what + " has a name that is none of: " + known + "."};
}

std::vector<Algorithm> read_algorithms(const std::vector<std::string>& names, const std::string& what) {
  std::vector<Algorithm> algorithms;
  for (const auto& name : names) {
    const auto* const found =
        std::ranges::find_if(kAlgorithms, [&](Algorithm algorithm) { return name == name_of(algorithm); });
    if (found == kAlgorithms.end())
      throw no_such_name(what, listed(kAlgorithms, [](Algorithm one) { return name_of(one); }));
    if (std::ranges::find(algorithms, *found) == algorithms.end()) algorithms.push_back(*found);
  }
  return algorithms;
}

std::vector<AttestationStyle> read_attestations(const std::vector<std::string>& names,
                                                const std::string& what) {
  std::vector<AttestationStyle> styles;
  styles.reserve(kAttestationNames.size());
  for (const auto& name : names) {
    const auto* const found =
        std::ranges::find_if(kAttestationNames, [&](const auto& row) { return row.name == name; });
    if (found == kAttestationNames.end()) throw no_such_name(what, names_of(kAttestationNames));
    if (std::ranges::find(styles, found->value) == styles.end()) styles.push_back(found->value);
  }
  return styles;
}

bool all_of(std::string_view text, bool (*fits)(char)) { return std::ranges::all_of(text, fits); }

}  // namespace

bool is_name(std::string_view text) {
  constexpr std::size_t kMaxLength = 32;
  return !text.empty() && text.size() <= kMaxLength && text != "." && text != ".." &&
         all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || c == '.';
         });
}

bool is_serial(std::string_view text) {
  return text.size() <= kMaxSerialLength && all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

void read_behaviour(JsonReader& reader, user::Behaviour& behaviour) {
  if (const auto presence = reader.choice("presence", kPresenceNames)) behaviour.presence = *presence;
  if (const auto delay = reader.integer("delayMs", 0, kMaxDelay))
    behaviour.delay = std::chrono::milliseconds{*delay};
  if (const auto verified = reader.choice("verified", kVerifiedNames)) behaviour.verified = *verified;
  if (const auto finger = reader.integer("finger", 0, UINT32_MAX))
    behaviour.finger = static_cast<std::uint32_t>(*finger);
  if (const auto sample = reader.choice("sample", kSampleNames)) behaviour.sample = *sample;
  if (reader.find("account") != nullptr) behaviour.account = read_account(reader);
}

std::optional<user::AccountName> read_account(JsonReader& reader) {
  const auto* const given = reader.find("account");
  if (given == nullptr || given->is_null()) return std::nullopt;
  auto text = *reader.text("account");
  auto user_handle = from_base64(text).value_or(Bytes{});
  return user::AccountName{.text = std::move(text), .user_handle = std::move(user_handle)};
}

Json to_json(const user::Behaviour& behaviour) {
  Json json{{"presence", name_in(kPresenceNames, behaviour.presence)}, {"delayMs", behaviour.delay.count()},
            {"verified", name_in(kVerifiedNames, behaviour.verified)}, {"finger", behaviour.finger},
            {"sample", name_in(kSampleNames, behaviour.sample)},       {"account", nullptr}};
  if (behaviour.account) json["account"] = behaviour.account->text;
  return json;
}

std::optional<SampleStatus> sample_named(std::string_view name) {
  for (const auto& row : kSampleNames) {
    if (row.name == name) return row.value;
  }
  return std::nullopt;
}

KeyOptions read_key_options(const JsonIn& json, const std::filesystem::path& personas) {
  JsonReader reader{json, "The request"};
  KeyOptions options;
  KeyConfig& config = options.config;
  if (const auto name = reader.text("persona")) {
    try {
      config = personas::load(*name, personas).config;
    } catch (const personas::PersonaError& error) {
      throw BadRequest{error.what()};
    }
  }
  if (const auto text = reader.text("aaguid")) {
    const auto aaguid = personas::read_aaguid(*text);
    if (!aaguid) throw BadRequest{reader.named("aaguid") + " is no UUID."};
    config.persona.aaguid = *aaguid;
  }
  config.keeps_all = true;
  options.name = reader.text("name").value_or("");
  if (!options.name.empty() && !is_name(options.name))
    throw BadRequest{"A key's name has 1 to 32 letters, digits, dots, hyphens and underscores."};
  if (auto transports = reader.texts("transports")) options.transports = *std::move(transports);
  if (options.transports.empty() || options.transports.size() > kMaxTransports)
    throw BadRequest{reader.named("transports") + " has 1 to 8 of: uhid, unix, unix:PATH, udp:HOST:PORT."};
  options.pin = reader.secret("pin");
  options.serial = reader.text("serial").value_or("");
  if (!is_serial(options.serial))
    throw BadRequest{reader.named("serial") + " has at most 63 printable ASCII characters, without spaces."};
  if (const auto seed = reader.integer("seed", 0, INT64_MAX))
    options.seed = static_cast<std::uint64_t>(*seed);
  if (const auto uv = reader.choice("userVerification", kBuiltInUvNames)) config.built_in_uv = *uv;
  config.always_uv = reader.boolean("alwaysUv").value_or(config.always_uv);
  if (const auto style = reader.choice("attestation", kAttestationNames)) config.attestation = *style;
  if (const auto names = reader.texts("furtherAttestations"))
    config.further_attestations = read_attestations(*names, reader.named("furtherAttestations"));
  if (const auto length = reader.integer("attestationChain", 1, kMaxAttestationChain))
    config.attestation_chain = static_cast<unsigned>(*length);
  if (auto rp_ids = reader.texts("enterpriseAttestation")) config.enterprise = Enterprise{*std::move(rp_ids)};
  if (const auto kind = reader.choice("largeBlobs", kLargeBlobNames)) config.large_blobs = *kind;
  if (const auto version = reader.choice("ctapVersion", kCtapVersionNames)) config.newest_version = *version;
  if (const auto names = reader.texts("algorithms"))
    config.algorithms = read_algorithms(*names, reader.named("algorithms"));
  config.backup_eligible = reader.boolean("backupEligible").value_or(config.backup_eligible);
  config.backed_up = reader.boolean("backupState").value_or(config.backup_eligible && config.backed_up);
  if (config.backed_up && !config.backup_eligible)
    throw BadRequest{"A credential is backed up only where it may be: give backupEligible with backupState."};
  config.discoverable = reader.boolean("discoverable").value_or(config.discoverable);
  config.client_pin = reader.boolean("clientPin").value_or(config.client_pin);
  if (const auto ctap = reader.choice("protocol", kProtocolNames)) config.ctap = *ctap;
  if (options.pin && !config.client_pin)
    throw BadRequest{"A key without clientPin can have no pin: leave out one."};
  config.uvm = reader.boolean("uvm").value_or(config.uvm);
  if (const auto timeout = reader.integer("presenceTimeoutMs", 10, kMaxDelay))
    config.presence_timeout = std::chrono::milliseconds{*timeout};
  if (const auto timeout =
          reader.integer("packetTimeoutMs", kShortestPacketTimeout.count(), kLongestPacketTimeout.count()))
    config.packet_timeout = std::chrono::milliseconds{*timeout};
  if (const auto* user = reader.find("user")) {
    JsonReader behaviour{*user, reader.named("user")};
    read_behaviour(behaviour, options.user);
    behaviour.done();
  }
  reader.done();
  return options;
}

Json to_json(const KeyOptions& options) {
  const KeyConfig& config = options.config;
  Json json{{"persona", config.persona.name},
            {"aaguid", personas::to_text(config.persona.aaguid)},
            {"transports", options.transports},
            {"userVerification", name_in(kBuiltInUvNames, config.built_in_uv)},
            {"alwaysUv", config.always_uv},
            {"attestation", name_in(kAttestationNames, config.attestation)},
            {"attestationChain", config.attestation_chain},
            {"largeBlobs", name_in(kLargeBlobNames, config.large_blobs)},
            {"ctapVersion", name_in(kCtapVersionNames, config.newest_version)},
            {"backupEligible", config.backup_eligible},
            {"backupState", config.backed_up},
            {"discoverable", config.discoverable},
            {"clientPin", config.client_pin},
            {"protocol", name_in(kProtocolNames, config.ctap)},
            {"uvm", config.uvm},
            {"presenceTimeoutMs", config.presence_timeout.count()},
            {"packetTimeoutMs", config.packet_timeout.count()}};
  if (!config.further_attestations.empty()) {
    json["furtherAttestations"] = Json::array();
    for (const auto style : config.further_attestations)
      json["furtherAttestations"].push_back(name_in(kAttestationNames, style));
  }
  if (config.enterprise) json["enterpriseAttestation"] = config.enterprise->rp_ids;
  if (!config.algorithms.empty()) {
    json["algorithms"] = Json::array();
    for (const auto algorithm : config.algorithms) json["algorithms"].push_back(name_of(algorithm));
  }
  if (options.seed) json["seed"] = *options.seed;
  return json;
}

}  // namespace fauxkey::control
