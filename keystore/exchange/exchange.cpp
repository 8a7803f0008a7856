#include "keystore/exchange/exchange.h"

#include <algorithm>
#include <array>

#include "keystore/exchange/bitwarden.h"
#include "keystore/exchange/cdp.h"
#include "keystore/exchange/cxf.h"
#include "keystore/exchange/fields.h"
#include "keystore/exchange/keepassxc.h"
#include "keystore/exchange/pem.h"
#include "keystore/exchange/playwright.h"

namespace fauxkey::exchange {
namespace {

constexpr std::array kEs256{Algorithm::es256};
constexpr std::array kEs256EddsaRs256{Algorithm::es256, Algorithm::eddsa, Algorithm::rs256};

constexpr Features bits(std::initializer_list<Feature> features) {
  Features all = 0;
  for (const auto feature : features) all = static_cast<Features>(all | static_cast<Features>(feature));
  return all;
}

struct FeatureName {
  Feature feature;
  const char* text;
};
constexpr std::array kFeatureNames{
    FeatureName{Feature::counter, "the signature counter"},
    FeatureName{Feature::backup_flags, "the backup flags"},
    FeatureName{Feature::hmac_secret, "the hmac-secret (PRF) secrets"},
    FeatureName{Feature::cred_blob, "credBlob"},
    FeatureName{Feature::large_blob, "the large blob"},
    FeatureName{Feature::payment, "thirdPartyPayment"},
    FeatureName{Feature::names, "display names and sites' names"},
    FeatureName{Feature::rest, "credProtect, largeBlobKey and not being discoverable"},
};

const auto& rows() {
  using enum Feature;
  static const std::array kRows{
      FormatRow{.format = Format::fauxkey,
                .name = "fauxkey",
                .title = "fauxkey's own",
                .suffix = ".json",
                .one_each = false,
                .carries = 0xFF,
                .algorithms = {},
                .write_one = write_fauxkey,
                .finish = finish_cxf,
                .recognize = nullptr,  // is recognized as cxf
                .read = read_cxf},
      FormatRow{.format = Format::cxf,
                .name = "cxf",
                .title = "CXF 1.0",
                .suffix = ".json",
                .one_each = false,
                .carries = bits({hmac_secret, cred_blob, large_blob, payment}),
                .algorithms = {},
                .write_one = write_cxf,
                .finish = finish_cxf,
                .recognize = is_cxf,
                .read = read_cxf},
      FormatRow{.format = Format::cdp,
                .name = "cdp",
                .title = "Chrome's CDP",
                .suffix = ".json",
                .one_each = false,
                .carries = bits({counter, backup_flags}),
                .algorithms = kEs256EddsaRs256,
                .write_one = write_cdp,
                .finish = finish_cdp,
                .recognize = is_cdp,
                .read = read_cdp},
      FormatRow{.format = Format::playwright,
                .name = "playwright",
                .title = "Playwright's storageState",
                .suffix = ".json",
                .one_each = false,
                .carries = bits({counter}),
                .algorithms = kEs256,
                .write_one = write_playwright,
                .finish = finish_playwright,
                .recognize = is_playwright,
                .read = read_playwright},
      FormatRow{.format = Format::keepassxc,
                .name = "keepassxc",
                .title = "KeePassXC's .passkey",
                .suffix = ".passkey",
                .one_each = true,
                .carries = 0,
                .algorithms = kEs256EddsaRs256,
                .write_one = write_keepassxc,
                .finish = finish_keepassxc,
                .recognize = is_keepassxc,
                .read = read_keepassxc},
      FormatRow{.format = Format::bitwarden,
                .name = "bitwarden",
                .title = "Bitwarden's JSON",
                .suffix = ".json",
                .one_each = false,
                .carries = bits({counter, names}),
                .algorithms = kEs256,
                .write_one = write_bitwarden,
                .finish = finish_bitwarden,
                .recognize = is_bitwarden,
                .read = read_bitwarden},
      FormatRow{.format = Format::pkcs8,
                .name = "pkcs8",
                .title = "PKCS #8 PEM",
                .suffix = ".pem",
                .one_each = false,
                .carries = bits({counter, backup_flags}),
                .algorithms = {},
                .write_one = write_pkcs8,
                .finish = finish_pkcs8,
                .recognize = nullptr,
                .read = read_pkcs8},
  };
  return kRows;
}

Features features_of(const Moving& moving) {
  const Credential& credential = moving.credential;
  Features features = bits({Feature::hmac_secret});
  const auto note = [&](Feature feature, bool has) {
    if (has) features = static_cast<Features>(features | static_cast<Features>(feature));
  };
  note(Feature::counter, moving.sign_count > 0);
  note(Feature::backup_flags, !credential.backup_eligible);
  note(Feature::cred_blob, !credential.cred_blob.empty());
  note(Feature::large_blob, credential.large_blob.has_value());
  note(Feature::payment, credential.third_party_payment);
  note(Feature::names, credential.rp_name.has_value());
  note(Feature::rest, credential.cred_protect != CredProtect::optional ||
                          !credential.large_blob_key.empty() || !credential.discoverable);
  return features;
}

bool looks_like_pem(std::string_view text) { return text.find("-----BEGIN ") != std::string_view::npos; }

/// The one format that a JSON document is of.
const FormatRow* recognize(const JsonIn& json) {
  const Place document{json};
  if (!document.is_object() && !document.is_array()) return nullptr;
  for (const FormatRow& row : rows()) {
    if (row.recognize != nullptr && row.recognize(document)) return &row;
  }
  return nullptr;
}

}  // namespace

std::span<const FormatRow> formats() { return rows(); }

const FormatRow& row_of(Format format) { return *std::ranges::find(rows(), format, &FormatRow::format); }

const FormatRow* find_format(std::string_view name) {
  const auto* const found =
      std::ranges::find_if(rows(), [&](const FormatRow& row) { return name == row.name; });
  return found != rows().end() ? found : nullptr;
}

std::optional<std::string> why_not(const FormatRow& row, const Moving& moving) {
  const Credential& credential = moving.credential;
  if (credential.rp_id.empty()) {
    return "its site is known by a hash alone, and no format has a place for that";
  }
  if (!row.algorithms.empty() &&
      std::ranges::find(row.algorithms, credential.algorithm) == row.algorithms.end()) {
    return std::string{row.title} + " has no place for " + name_of(credential.algorithm) + " keys";
  }
  // "Passkeys using a non-zero signature counter MUST be excluded from the export."
  if (row.format == Format::cxf && moving.sign_count > 0) {
    return "its signature counter is " + std::to_string(moving.sign_count) +
           ", and CXF excludes credentials that count (--format fauxkey keeps them)";
  }
  if (row.format == Format::keepassxc && credential.user.id.empty()) {
    return std::string{row.title} + " needs a user handle, which it does not have";
  }
  return std::nullopt;
}

Features lost(const FormatRow& row, const Moving& moving) {
  return static_cast<Features>(features_of(moving) & ~row.carries);
}

std::string describe(Features features) {
  std::string text;
  for (const auto& [feature, name] : kFeatureNames) {
    if ((features & static_cast<Features>(feature)) == 0) continue;
    text += (text.empty() ? "" : ", ") + std::string{name};
  }
  return text;
}

Document::Document(ByteView content, std::optional<Format> format) {
  if (format) row_ = &row_of(*format);
  // DER: a sequence.
  const bool der = !content.empty() && content.front() == 0x30;
  const bool pem = looks_like_pem(text_of(content)) && text_of(content).find_first_of("{[") != 0;
  if (format == Format::pkcs8 || (!format && (der || pem))) {
    row_ = &row_of(Format::pkcs8);
    json_ = der ? to_pem(content) : WipingString{text_of(content)};
    return;
  }
  json_ = parse_json(content);
  if (row_ == nullptr) row_ = recognize(json_);
  if (row_ == nullptr) {
    throw FormatError{
        "is of no format that is known here: name its format with --format if it is one of them"};
  }
}

void Document::read(const ReadTerms& terms, const Sink& sink) const { row_->read(Place{json_}, terms, sink); }

}  // namespace fauxkey::exchange
