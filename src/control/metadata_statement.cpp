// The members of a metadata statement, in the order of FIDO Metadata Statement 3.1, section 4. Names of
// values are those of the FIDO Registry of Predefined Values, 3.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "cbor/cbor.h"
#include "control/metadata.h"
#include "control/trace_names.h"
#include "crypto/x509.h"
#include "fauxkey/status.h"
#include "fauxkey/virtual_key.h"
#include "keystore/exchange/base64.h"
#include "keystore/memory_store.h"
#include "personas/personas.h"
#include "user/policy_gates.h"

namespace fauxkey::control {
namespace statement {  // sources are compiled together, so names must differ

constexpr std::uint8_t kGetInfo = 0x04;
// Members of getInfo.
constexpr int kVersions = 1, kOptions = 4, kTransports = 9, kMinPinLength = 0x0D, kUvModality = 0x12;
// They are another key's next time, or tell of this one alone.
constexpr std::array<std::string_view, 2> kFleeting{"encIdentifier", "encCredStoreState"};

struct AlgorithmName {
  Algorithm algorithm;
  std::string_view name;
};
// The registry has none for ML-DSA.
constexpr std::array kAlgorithmNames{AlgorithmName{Algorithm::es256, "secp256r1_ecdsa_sha256_raw"},
                                     AlgorithmName{Algorithm::eddsa, "ed25519_eddsa_sha512_raw"},
                                     AlgorithmName{Algorithm::es384, "secp384r1_ecdsa_sha384_raw"},
                                     AlgorithmName{Algorithm::es512, "secp521r1_ecdsa_sha512_raw"},
                                     AlgorithmName{Algorithm::rs256, "rsassa_pkcsv15_sha256_raw"},
                                     AlgorithmName{Algorithm::es256k, "secp256k1_ecdsa_sha256_raw"}};

struct AttestationTypes {
  AttestationStyle style{};
  std::array<std::string_view, 2> types{};
};
constexpr std::array kAttestationTypes{AttestationTypes{AttestationStyle::packed, {"basic_full"}},
                                       AttestationTypes{AttestationStyle::packed_self, {"basic_surrogate"}},
                                       AttestationTypes{AttestationStyle::none, {"none"}},
                                       AttestationTypes{AttestationStyle::fido_u2f, {"basic_full"}},
                                       AttestationTypes{AttestationStyle::tpm, {"attca"}},
                                       AttestationTypes{AttestationStyle::android_key, {"basic_full"}},
                                       AttestationTypes{AttestationStyle::apple, {"anonca"}},
                                       AttestationTypes{AttestationStyle::compound, {"basic_full", "attca"}}};

struct Version {
  std::string_view name;
  int major;
  int minor;
};
constexpr std::array kProtocolVersions{Version{"FIDO_2_0", 1, 0}, Version{"FIDO_2_1", 1, 1},
                                       Version{"FIDO_2_3", 1, 3}};

struct Method {
  std::uint64_t bit;  ///< of uvModality
  std::string_view name;
};
constexpr std::array kMethods{Method{0x02, "fingerprint_internal"}, Method{0x80, "pattern_internal"}};

void add(Json& list, std::string_view text) {
  if (!text.empty() && std::find(list.begin(), list.end(), Json(text)) == list.end()) list.push_back(text);
}

std::string base64_of(ByteView bytes) {
  const auto text = exchange::encode_base64(bytes, exchange::Base64::padded);
  return {text.begin(), text.end()};
}

/// Bytes in hexadecimal, as metadata has them.
Json plain_json(const cbor::Value& value) {  // NOLINT(misc-no-recursion): bounded by what a key answers
  if (const auto* map = value.as<cbor::Map>()) {
    Json json = Json::object();
    for (const auto& [key, inner] : *map) {
      if (const auto* name = key.as<std::string>()) json[*name] = plain_json(inner);
    }
    return json;
  }
  if (const auto* array = value.as<cbor::Array>()) {
    Json json = Json::array();
    for (const auto& inner : *array) json.push_back(plain_json(inner));
    return json;
  }
  if (const auto* text = value.as<std::string>()) return *text;
  if (const auto* boolean = value.as<bool>()) return *boolean;
  if (const auto* bytes = value.as<Bytes>()) return hex(*bytes);
  return value.as_integer().value_or(0);
}

/// By the specification's names.
Json get_info_json(const cbor::Map& info) {
  Json json = Json::object();
  for (const auto& member : ctap_command(kGetInfo)->response->members) {
    const auto* value = cbor::find(info, member.key);
    if (value != nullptr && std::ranges::find(kFleeting, member.name) == kFleeting.end())
      json[std::string{member.name}] = plain_json(*value);
  }
  return json;
}

/// A key of that kind, as it is when it is new.
struct Specimen {
  Specimen(KeyConfig config, Clock& clock)
      : store{clock}, key{std::move(config), Ports{store, nobody, clock, random}} {
    const auto answer = key.process_cbor(Bytes{kGetInfo}, Exchange{});
    if (answer.empty() || answer.front() != static_cast<std::uint8_t>(Status::ok))
      throw std::runtime_error{"A key of this kind does not answer getInfo."};
    const auto decoded = cbor::decode(ByteView{answer}.subspan(1));
    info = *decoded.value().as<cbor::Map>();
  }

  SystemRandom random;
  MemoryStore store;
  user::DenyGate nobody;
  VirtualKey key;
  cbor::Map info;
};

Json versions(const KeyConfig& config, const cbor::Map& info) {
  Json json = Json::array();
  // FIDO U2F 1.2, whose raw messages are those of 1.0.
  if (!config.ctap) return Json::array({{{"major", 1}, {"minor", 2}}});
  const auto* named = cbor::find(info, kVersions);
  const auto* list = named != nullptr ? named->as<cbor::Array>() : nullptr;
  for (const auto& version : kProtocolVersions) {
    if (list != nullptr && std::ranges::find(*list, cbor::Value{std::string{version.name}}) != list->end())
      json.push_back({{"major", version.major}, {"minor", version.minor}});
  }
  return json;
}

Json algorithms(const VirtualKey& key, bool ctap) {
  Json json = Json::array();
  for (const auto algorithm : key.algorithms()) {
    // U2F has this one alone.
    if (!ctap && algorithm != Algorithm::es256) continue;
    const auto* const found = std::ranges::find(kAlgorithmNames, algorithm, &AlgorithmName::algorithm);
    if (found != kAlgorithmNames.end()) add(json, found->name);
  }
  return json;
}

Json attestation_types(const KeyConfig& config) {
  Json json = Json::array();
  const auto add_style = [&](AttestationStyle style) {
    for (const auto& row : kAttestationTypes) {
      if (row.style != style) continue;
      for (const auto type : row.types) add(json, type);
    }
  };
  if (!config.ctap) {
    add_style(AttestationStyle::fido_u2f);
    return json;
  }
  add_style(config.attestation);
  for (const auto style : config.further_attestations) add_style(style);
  return json;
}

/// Each way to verify the user stands for itself.
Json verification(const KeyConfig& config, const cbor::Map& info) {
  constexpr int kUsualMinimum = 4, kPinTries = 8, kFingers = 5, kUvTries = 5, kBase = 10;
  Json json = Json::array({Json::array({{{"userVerificationMethod", "presence_internal"}}})});
  if (!config.ctap) return json;
  const auto* options = cbor::find(info, kOptions);
  const auto* map = options != nullptr ? options->as<cbor::Map>() : nullptr;
  if (map == nullptr) return json;
  if (cbor::find(*map, "clientPin") != nullptr) {
    const auto* minimum = cbor::find(info, kMinPinLength);
    json.push_back(Json::array(
        {{{"userVerificationMethod", "passcode_external"},
          {"caDesc",
           {{"base", kBase},
            {"minLength", minimum != nullptr ? minimum->as_integer().value_or(kUsualMinimum) : kUsualMinimum},
            {"maxRetries", kPinTries},
            {"blockSlowdown", 0}}}}}));
  }
  if (cbor::find(*map, "uv") == nullptr) return json;
  const auto* modality = cbor::find(info, kUvModality);
  const auto* bits = modality != nullptr ? modality->as_unsigned() : nullptr;
  const bool finger = config.built_in_uv == BuiltInUvKind::fingerprint;
  for (const auto& method : kMethods) {
    // Where getInfo is older than the member, what the key is made with tells.
    const bool has = bits != nullptr ? (*bits & method.bit) != 0 : (method.bit == kMethods[0].bit) == finger;
    if (!has) continue;
    Json described{{"userVerificationMethod", method.name}};
    if (method.bit == kMethods[0].bit)
      described["baDesc"] = {{"maxTemplates", kFingers}, {"maxRetries", kUvTries}, {"blockSlowdown", 0}};
    json.push_back(Json::array({described}));
  }
  return json;
}

Json attachment(const KeyConfig& config) {
  const auto has = [&](std::string_view transport) {
    return std::ranges::find(config.persona.transports, transport) != config.persona.transports.end();
  };
  if (config.ctap && has("internal") && !has("usb")) return Json::array({"internal"});
  Json json = Json::array({"external"});
  if (!config.ctap || has("usb") || has("smart-card")) add(json, "wired");
  if (has("nfc")) {
    add(json, "wireless");
    add(json, "nfc");
  }
  if (has("ble")) {
    add(json, "wireless");
    add(json, "bluetooth");
  }
  if (json.size() == 1) add(json, "network");
  return json;
}

/// Whether an attestation of it chains to anything.
bool has_root(const Json& types) {
  return std::any_of(types.begin(), types.end(),
                     [](const Json& type) { return type != "basic_surrogate" && type != "none"; });
}

int strength(const KeyConfig& config, const VirtualKey& key) {
  constexpr int kOfRsa2048 = 112, kOfP256 = 128;
  return config.ctap && std::ranges::find(key.algorithms(), Algorithm::rs256) != key.algorithms().end()
             ? kOfRsa2048
             : kOfP256;
}

}  // namespace statement

Json metadata_statement(const KeyConfig& wanted, const std::shared_ptr<const AttestationRoot>& root,
                        Clock& clock) {
  using namespace statement;
  KeyConfig config = wanted;
  config.attestation_root = root;
  Specimen specimen{config, clock};
  const auto& persona = config.persona;
  Json json = Json::object();
  if (config.ctap) {
    json["aaguid"] = personas::to_text(persona.aaguid);
  } else {
    // U2F tells no AAGUID: its attestations are known by their certificate's key.
    const auto leaf = specimen.key.sign_as_attestation(AttestationVariant::genuine, Bytes{});
    if (leaf)
      json["attestationCertificateKeyIdentifiers"] =
          Json::array({hex(crypto::x509::key_identifier_of(leaf->certificate))});
  }
  const auto types = attestation_types(config);
  json.update({{"description", "fauxkey: " + persona.name},
               {"authenticatorVersion", persona.firmware_version},
               {"protocolFamily", config.ctap ? "fido2" : "u2f"},
               {"schema", 3},
               {"upv", versions(config, specimen.info)},
               {"authenticationAlgorithms", algorithms(specimen.key, config.ctap)},
               {"publicKeyAlgAndEncodings", Json::array({config.ctap ? "cose" : "ecc_x962_raw"})},
               {"attestationTypes", types},
               {"userVerificationDetails", verification(config, specimen.info)},
               {"keyProtection", Json::array({"software"})},
               {"isKeyRestricted", false},
               {"isFreshUserVerificationRequired", true},
               {"matcherProtection", Json::array({"software"})},
               {"cryptoStrength", strength(config, specimen.key)},
               {"attachmentHint", attachment(config)},
               {"tcDisplay", Json::array()},
               {"attestationRootCertificates", Json::array()}});
  if (has_root(types)) json["attestationRootCertificates"].push_back(base64_of(root->certificate));
  if (config.backup_eligible) json["multiDeviceCredentialSupport"] = "implicit";
  if (config.ctap) json["authenticatorGetInfo"] = get_info_json(specimen.info);
  return json;
}

}  // namespace fauxkey::control
