// A persona file's keys, and what they say of a key.
#include <algorithm>
#include <array>
#include <utility>

#include "personas/names.h"
#include "personas/table.h"

namespace fauxkey::personas {
namespace {

/// A key whose value is true or false, and what it switches.
struct Switch {
  std::string_view name;
  bool Features::* feature;
};
constexpr std::array kExtensions{Switch{"credBlob", &Features::cred_blob},
                                 Switch{"credProtect", &Features::cred_protect},
                                 Switch{"hmac-secret", &Features::hmac_secret},
                                 Switch{"hmac-secret-mc", &Features::hmac_secret_mc},
                                 Switch{"minPinLength", &Features::min_pin_length},
                                 Switch{"pinComplexityPolicy", &Features::pin_complexity_policy},
                                 Switch{"thirdPartyPayment", &Features::third_party_payment}};
constexpr std::string_view kLargeBlobKey = "largeBlobKey", kLargeBlob = "largeBlob", kUvm = "uvm";

constexpr std::array kOptions{
    Switch{"plat", &Features::plat},
    Switch{"pinUvAuthToken", &Features::pin_uv_auth_token},
    Switch{"credMgmt", &Features::cred_mgmt},
    Switch{"credentialMgmtPreview", &Features::credential_mgmt_preview},
    Switch{"perCredMgmtRO", &Features::per_cred_mgmt_ro},
    Switch{"authnrCfg", &Features::authnr_cfg},
    Switch{"makeCredUvNotRqd", &Features::make_cred_uv_not_rqd},
    Switch{"setMinPINLength", &Features::set_min_pin_length},
    Switch{"uvAcfg", &Features::uv_acfg},
    Switch{"uvBioEnroll", &Features::uv_bio_enroll},
    Switch{"userVerificationMgmtPreview", &Features::user_verification_mgmt_preview}};

struct Limit {
  std::string_view name;
  std::size_t Limits::* limit;
  std::uint64_t least;
  std::uint64_t greatest;
};
constexpr std::array kLimits{
    Limit{"maxMsgSize", &Limits::max_msg_size, 1024, 7609},
    Limit{"maxCredentialCountInList", &Limits::max_credential_count_in_list, 1, 24},
    Limit{"maxCredentialIdLength", &Limits::max_credential_id_length, 64, 255},
    Limit{"discoverableCredentials", &Limits::max_discoverable_credentials, 0, 1'000'000},
    Limit{"maxCredBlobLength", &Limits::max_cred_blob_length, 32, 64},
    Limit{"maxSerializedLargeBlobArray", &Limits::max_serialized_large_blob_array, 1024, 16'384},
    Limit{"largeBlobLength", &Limits::max_large_blob_length, 1, 3072},
    Limit{"minPINLength", &Limits::min_pin_length, 4, 63},
    Limit{"maxRPIDsForSetMinPINLength", &Limits::max_rp_ids_for_set_min_pin_length, 0, 16}};

constexpr std::array kTransports{"usb", "nfc", "ble", "smart-card", "hybrid", "internal"};

template <class Rows>
std::vector<std::string> names_of(const Rows& rows, std::initializer_list<std::string_view> more = {}) {
  std::vector<std::string> names{more.begin(), more.end()};
  names.reserve(names.size() + rows.size());
  for (const auto& row : rows) names.emplace_back(row.name);
  return names;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::vector<Named<Algorithm>> algorithm_names() {
  std::vector<Named<Algorithm>> names;
  names.reserve(kAlgorithms.size());
  for (const auto algorithm : kAlgorithms) names.push_back({name_of(algorithm), algorithm});
  return names;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void read_versions(const Table& file, KeyConfig& config) {
  const std::array kVersions{std::string_view{"U2F_V2"}, std::string_view{"FIDO_2_0"},
                             std::string_view{"FIDO_2_1_PRE"}, std::string_view{"FIDO_2_1"},
                             std::string_view{"FIDO_2_3"}};
  const auto versions = file.texts("versions");
  if (!versions)
    throw PersonaError{file.place() +
                       "versions is missing: name at least U2F_V2 or FIDO_2_0 (see "
                       "docs/personas.md)"};
  for (const auto& version : *versions) {
    if (std::ranges::find(kVersions, version) == kVersions.end())
      file.refuse_word("versions", version, {kVersions.begin(), kVersions.end()});
  }
  const auto has = [&](std::string_view version) { return contains(*versions, version); };
  auto& features = config.persona.features;
  features.u2f = has("U2F_V2");
  config.ctap = versions->size() > (features.u2f ? 1U : 0U);
  features.fido_2_1_pre = has("FIDO_2_1_PRE");
  if (config.ctap && !has("FIDO_2_0")) file.refuse("versions", "needs FIDO_2_0 beside a newer version");
  if ((has("FIDO_2_3") || features.fido_2_1_pre) && !has("FIDO_2_1"))
    file.refuse("versions", "needs FIDO_2_1 beside FIDO_2_1_PRE and FIDO_2_3");
  config.newest_version = has("FIDO_2_3")   ? CtapVersion::fido_2_3
                          : has("FIDO_2_1") ? CtapVersion::fido_2_1
                                            : CtapVersion::fido_2_0;
  config.persona.level = file.choice("level", kCtapVersionNames).value_or(config.newest_version);
  if (config.persona.level < config.newest_version)
    file.refuse("level", "is older than the newest of versions");
}

void read_extensions(const Table& file, KeyConfig& config) {
  auto& features = config.persona.features;
  for (const auto& row : kExtensions) features.*row.feature = false;
  config.large_blobs = LargeBlobKind::none;
  config.uvm = false;
  const auto known = names_of(kExtensions, {kLargeBlobKey, kLargeBlob, kUvm});
  const auto names = file.texts("extensions", true).value_or(std::vector<std::string>{});
  for (const auto& name : names) {
    if (!contains(known, name)) file.refuse_word("extensions", name, known);
    const auto* const row = std::ranges::find(kExtensions, name, &Switch::name);
    if (row != kExtensions.end()) features.*row->feature = true;
  }
  config.uvm = contains(names, kUvm);
  const bool by_key = contains(names, kLargeBlobKey);
  const bool by_extension = contains(names, kLargeBlob);
  if (by_key && by_extension)
    file.refuse("extensions", "names largeBlobKey and largeBlob, which exclude each other (CTAP 2.3, 12.4)");
  if (by_key) config.large_blobs = LargeBlobKind::command;
  if (by_extension) config.large_blobs = LargeBlobKind::extension;
  if (features.hmac_secret_mc && !features.hmac_secret)
    file.refuse("extensions", "names hmac-secret-mc without hmac-secret (CTAP 2.3, 12.8)");
}

void read_options(const toml::table& table, const std::string& file, KeyConfig& config) {
  const Table options{table, file, "options",
                      names_of(kOptions, {"rk", "clientPin", "uv", "alwaysUv", "ep"})};
  auto& features = config.persona.features;
  for (const auto& row : kOptions) features.*row.feature = options.boolean(row.name).value_or(false);
  config.discoverable = options.boolean("rk").value_or(false);
  config.client_pin = options.boolean("clientPin").value_or(false);
  config.built_in_uv = options.choice("uv", kBuiltInUvNames).value_or(BuiltInUvKind::none);
  // Named at all, it can be switched; true, it is on from the start.
  features.always_uv = options.has("alwaysUv");
  config.always_uv = options.boolean("alwaysUv").value_or(false);
  if (const auto rp_ids = options.texts("ep", true)) config.enterprise = Enterprise{*rp_ids};
  if (features.credential_mgmt_preview && !features.cred_mgmt)
    options.refuse("credentialMgmtPreview", "needs credMgmt");
  if (features.per_cred_mgmt_ro && !features.cred_mgmt) options.refuse("perCredMgmtRO", "needs credMgmt");
}

void read_limits(const toml::table& table, const std::string& file, Limits& limits) {
  const Table values{table, file, "limits", names_of(kLimits, {"preferredPlatformUvAttempts"})};
  for (const auto& row : kLimits) {
    if (const auto number = values.number(row.name, row.least, row.greatest))
      limits.*row.limit = static_cast<std::size_t>(*number);
  }
  if (const auto attempts = values.number("preferredPlatformUvAttempts", 1, 25))
    limits.preferred_platform_uv_attempts = static_cast<std::uint8_t>(*attempts);
}

void read_timings(const toml::table& table, const std::string& file, Timings& timings) {
  constexpr std::uint64_t kMinute = 60'000;
  const Table values{table, file, "timings", {"registration", "assertion"}};
  if (const auto least = values.number("registration", 0, kMinute))
    timings.registration = std::chrono::milliseconds{*least};
  if (const auto least = values.number("assertion", 0, kMinute))
    timings.assertion = std::chrono::milliseconds{*least};
}

void read_credentials(const toml::table& table, const std::string& file, KeyConfig& config) {
  const Table values{table, file, "credentials", {"counter", "backup_eligible", "backed_up", "keep_all"}};
  if (const auto counter = values.choice("counter", kCounterNames)) config.persona.counter = *counter;
  config.backup_eligible = values.boolean("backup_eligible").value_or(false);
  config.backed_up = values.boolean("backed_up").value_or(false);
  config.keeps_all = values.boolean("keep_all").value_or(false);
  if (config.backed_up && !config.backup_eligible)
    values.refuse("backed_up", "needs backup_eligible (WebAuthn 6.1.3)");
  if (config.backup_eligible && values.has("counter") && config.persona.counter != CounterStyle::zero)
    values.refuse("counter", "is zero where credentials are backup_eligible");
}

void read_attestation(const toml::table& table, const std::string& file, KeyConfig& config) {
  const Table values{table, file, "attestation", {"style", "further", "chain"}};
  if (const auto style = values.choice("style", kAttestationNames)) config.attestation = *style;
  if (auto styles = values.choices("further", kAttestationNames))
    config.further_attestations = *std::move(styles);
  if (const auto chain = values.number("chain", 1, 2))
    config.attestation_chain = static_cast<unsigned>(*chain);
}

void read_usb(const toml::table& table, const std::string& file, UsbIdentity& usb) {
  constexpr std::size_t kMaxName = 127;
  const Table values{table, file, "usb", {"product", "vendor_id", "product_id"}};
  if (auto product = values.text("product")) {
    const bool printable = std::ranges::all_of(*product, [](char c) { return c >= ' ' && c <= '~'; });
    if (product->empty() || product->size() > kMaxName || !printable)
      values.refuse("product", "takes 1 to 127 printable ASCII characters");
    usb.product = *std::move(product);
  }
  if (const auto id = values.number("vendor_id", 0, 0xffff)) usb.vendor_id = static_cast<std::uint16_t>(*id);
  if (const auto id = values.number("product_id", 0, 0xffff))
    usb.product_id = static_cast<std::uint16_t>(*id);
}

KeyConfig read(const Table& file, const std::string& path, std::string& summary) {
  KeyConfig config;
  auto& persona = config.persona;
  summary = file.text("summary").value_or("");
  if (const auto text = file.text("aaguid")) {
    const auto aaguid = read_aaguid(*text);
    if (!aaguid) file.refuse("aaguid", "takes a UUID: \"01234567-89ab-4cde-8f01-23456789abcd\"");
    persona.aaguid = *aaguid;
  } else {
    throw PersonaError{file.place() + "aaguid is missing: make one with uuidgen (see docs/personas.md)"};
  }
  if (const auto version = file.number("firmwareVersion", 0, 0xffff'ffff))
    persona.firmware_version = static_cast<std::uint32_t>(*version);
  read_versions(file, config);
  read_extensions(file, config);
  if (auto algorithms = file.choices("algorithms", algorithm_names()))
    config.algorithms = *std::move(algorithms);
  if (auto transports = file.texts("transports")) {
    const std::vector<std::string> known{kTransports.begin(), kTransports.end()};
    for (const auto& transport : *transports) {
      if (!contains(known, transport)) file.refuse_word("transports", transport, known);
    }
    persona.transports = *std::move(transports);
  }
  if (const auto protocols = file.numbers("pinUvAuthProtocols")) {
    persona.pin_uv_auth_protocols.clear();
    for (const auto protocol : *protocols) {
      if (protocol != 1 && protocol != 2)
        file.refuse("pinUvAuthProtocols", "takes 1 and 2, in the key's order");
      persona.pin_uv_auth_protocols.push_back(static_cast<std::uint8_t>(protocol));
    }
  }
  // What the file leaves out the key is without.
  static const toml::table kNone;
  const auto* const options = file.table("options");
  read_options(options != nullptr ? *options : kNone, path, config);
  if (const auto* const limits = file.table("limits")) read_limits(*limits, path, persona.limits);
  if (const auto* const timings = file.table("timings")) read_timings(*timings, path, persona.timings);
  if (const auto* const credentials = file.table("credentials")) read_credentials(*credentials, path, config);
  if (const auto* const attestation = file.table("attestation")) read_attestation(*attestation, path, config);
  if (const auto* const usb = file.table("usb")) read_usb(*usb, path, persona.usb);
  return config;
}

}  // namespace

std::optional<Aaguid> read_aaguid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != kForm.size()) return std::nullopt;
  Aaguid aaguid{};
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kForm[i] == '-') {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const auto digit = hex_digit(text[i]);
    if (digit < 0) return std::nullopt;
    auto& byte = aaguid.at(digits / 2);
    byte = static_cast<std::uint8_t>(byte << 4 | digit);
    ++digits;
  }
  return aaguid;
}

std::string to_text(const Aaguid& aaguid) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < aaguid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(kDigits[aaguid.at(i) >> 4]);
    text.push_back(kDigits[aaguid.at(i) & 0xf]);
  }
  return text;
}

Model parse(std::string text, const std::filesystem::path& file) {
  const auto path = file.string();
  Model model;
  toml::table table;
  try {
    table = toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    throw PersonaError{place_in(path, error.source().begin.line) +
                       "this is no TOML: " + std::string{error.description()} + " (see docs/personas.md)"};
  }
  model.name = file.stem().string();
  if (!is_name(model.name))
    throw PersonaError{path +
                       ": a persona's name has 1 to 32 lower-case letters, digits, dots and hyphens, and "
                       "is its file's: give the file such a name."};
  const Table keys{
      table,
      path,
      "",
      {"summary", "aaguid", "firmwareVersion", "versions", "level", "extensions", "algorithms", "transports",
       "pinUvAuthProtocols", "options", "limits", "timings", "credentials", "attestation", "usb"}};
  model.config = read(keys, path, model.summary);
  model.config.persona.name = model.name;
  model.text = std::move(text);
  return model;
}

bool is_name(std::string_view text) {
  constexpr std::size_t kMaxName = 32;
  return !text.empty() && text.size() <= kMaxName && text.front() != '.' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
         });
}

}  // namespace fauxkey::personas
