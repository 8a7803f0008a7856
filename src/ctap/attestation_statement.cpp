#include "ctap/attestation_statement.h"

#include <algorithm>
#include <chrono>

#include "ctap/attestation/format.h"

namespace fauxkey::ctap {
namespace {

/// What such a key makes of itself, the usual one first.
std::vector<AttestationStyle> styles_of(const KeyConfig& config) {
  std::vector<AttestationStyle> styles;
  styles.reserve(1 + config.further_attestations.size());
  styles.push_back(config.attestation);
  for (const auto style : config.further_attestations) styles.push_back(style);
  return styles;
}

std::uint64_t milliseconds_since_power_up(const Authenticator& key) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(key.time_since_power_up());
  return static_cast<std::uint64_t>(since.count());
}

}  // namespace

Result<bool> allows_enterprise_attestation(const Authenticator& key,
                                           const std::optional<std::uint64_t>& level,
                                           const std::string& rp_id) {
  constexpr std::uint64_t kVendorFacilitated = 1, kPlatformManaged = 2;
  if (!level) return false;
  if (!key.config().enterprise)
    return fail(Status::invalid_parameter, "the key has no enterprise attestation (option ep is absent)");
  if (!key.settings().enterprise_attestation)
    return fail(Status::invalid_parameter, "enterprise attestation is off (option ep is false)");
  if (*level == kPlatformManaged) return true;
  if (*level != kVendorFacilitated)
    return fail(Status::invalid_option,
                "enterpriseAttestation is " + std::to_string(*level) + ", not 1 or 2");
  const auto& rp_ids = key.config().enterprise->rp_ids;
  return std::ranges::find(rp_ids, rp_id) != rp_ids.end();
}

std::vector<std::string> read_attestation_formats_preference(Reader& reader, Member member) {
  std::vector<std::string> preference;
  const auto* formats = reader.optional<cbor::Array>(member);
  if (formats == nullptr) return preference;
  for (const auto& format : *formats) {
    const auto* text = format.as<std::string>();
    if (text == nullptr) {
      reader.note_type("an entry of attestationFormatsPreference", format, std::string{});
    } else {
      preference.push_back(*text);
    }
  }
  return preference;
}

std::vector<std::string_view> attestation_formats(const KeyConfig& config) {
  std::vector<std::string_view> names;
  names.reserve(1 + config.further_attestations.size());
  for (const auto style : styles_of(config)) {
    const auto name = attestation::format_of(style).name;
    if (style != AttestationStyle::none && std::ranges::find(names, name) == names.end())
      names.push_back(name);
  }
  return names;
}

AttestationStyle choose_attestation(const KeyConfig& config, Algorithm algorithm,
                                    const std::vector<std::string>& preference, bool enterprise) {
  const auto styles = styles_of(config);
  const auto supports = [&](AttestationStyle style) {
    return attestation::format_of(style).supports(algorithm);
  };
  for (const auto& format : preference) {
    if (format == "none") return AttestationStyle::none;
    for (const auto style : styles) {
      if (attestation::format_of(style).name != format || !supports(style)) continue;
      return enterprise ? AttestationStyle::packed : style;
    }
  }
  if (enterprise) return AttestationStyle::packed;
  const auto found = std::ranges::find_if(styles, supports);
  return found == styles.end() ? AttestationStyle::packed : *found;
}

Aaguid told_aaguid(const KeyConfig& config, AttestationStyle style) {
  return style == AttestationStyle::fido_u2f ? Aaguid{} : config.persona.aaguid;
}

AttestationStatement attest(Authenticator& key, AttestationStyle style, const Credential& credential,
                            ByteView auth_data, ByteView client_data_hash, bool enterprise) {
  const auto& format = attestation::format_of(style);
  enterprise = enterprise && style == AttestationStyle::packed;
  return {std::string{format.name},
          format.make({.credential = credential,
                       .credential_id = credential.id,
                       .auth_data = auth_data,
                       .client_data_hash = client_data_hash,
                       .keys = key.attestation_keys(),
                       .variant = enterprise ? AttestationVariant::enterprise : AttestationVariant::genuine,
                       .milliseconds = milliseconds_since_power_up(key)}),
          enterprise};
}

std::optional<cbor::Value> attest_anew(Authenticator& key, const AttestationRequest& request) {
  const auto found = key.find(request.credential_id, request.rp_id_hash);
  if (!found || !*found) return std::nullopt;
  const Credential& credential = **found;
  for (const auto& format : attestation::formats()) {
    const bool self = format.style == AttestationStyle::packed_self;
    if (format.name != request.format || self != request.self) continue;
    if (!format.has(request.variant) || !format.supports(credential.algorithm)) return std::nullopt;
    if (request.variant == AttestationVariant::enterprise && !key.attestation().enterprise())
      return std::nullopt;
    return format.make({.credential = credential,
                        .credential_id = request.told_credential_id,
                        .auth_data = request.authenticator_data,
                        .client_data_hash = request.client_data_hash,
                        .keys = key.attestation_keys(),
                        .variant = request.variant,
                        .milliseconds = milliseconds_since_power_up(key)});
  }
  return std::nullopt;
}

}  // namespace fauxkey::ctap
