#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "control/metadata.h"
#include "crypto/ecdsa_der.h"
#include "crypto/p256.h"
#include "keystore/exchange/base64.h"

namespace fauxkey::control {
namespace blob {  // sources are compiled together, so names must differ

constexpr auto kStatuses = std::to_array<std::string_view>({"NOT_FIDO_CERTIFIED",
                                                            "FIDO_CERTIFIED",
                                                            "USER_VERIFICATION_BYPASS",
                                                            "ATTESTATION_KEY_COMPROMISE",
                                                            "USER_KEY_REMOTE_COMPROMISE",
                                                            "USER_KEY_PHYSICAL_COMPROMISE",
                                                            "UPDATE_AVAILABLE",
                                                            "RETIRED",
                                                            "REVOKED",
                                                            "SELF_ASSERTION_SUBMITTED",
                                                            "FIDO_CERTIFIED_L1",
                                                            "FIDO_CERTIFIED_L1plus",
                                                            "FIDO_CERTIFIED_L2",
                                                            "FIDO_CERTIFIED_L2plus",
                                                            "FIDO_CERTIFIED_L3",
                                                            "FIDO_CERTIFIED_L3plus",
                                                            "FIPS140_CERTIFIED_L1",
                                                            "FIPS140_CERTIFIED_L2",
                                                            "FIPS140_CERTIFIED_L3",
                                                            "FIPS140_CERTIFIED_L4"});
constexpr std::string_view kUncertified = "NOT_FIDO_CERTIFIED", kUpdate = "UPDATE_AVAILABLE";
constexpr const char* kLegalHeader =
    "These authenticators are virtual: fauxkey makes them for tests. Nobody has certified them.";

/// What identifies the model (3.1.1).
constexpr std::array<std::string_view, 2> kIdentifiers{"aaguid", "attestationCertificateKeyIdentifiers"};

Json describe(const StatusReport& report, const Json& statement) {
  Json json{{"status", report.status}, {"effectiveDate", report.date}};
  if (report.status == kUpdate) json["authenticatorVersion"] = statement.at("authenticatorVersion");
  return json;
}

Json describe(const MetadataEntry& entry, const std::string& date) {
  Json json = Json::object();
  for (const auto name : kIdentifiers) {
    const auto found = entry.statement.find(name);
    if (found != entry.statement.end()) json[std::string{name}] = *found;
  }
  json["metadataStatement"] = entry.statement;
  json["statusReports"] =
      Json::array({describe({.status = std::string{kUncertified}, .date = date}, entry.statement)});
  std::string changed = date;
  for (const auto& report : entry.reports) {
    json["statusReports"].push_back(describe(report, entry.statement));
    changed = report.date;
  }
  json["timeOfLastStatusChange"] = changed;
  return json;
}

std::string padded_base64(ByteView bytes) {
  const auto text = exchange::encode_base64(bytes, exchange::Base64::padded);
  return {text.begin(), text.end()};
}

}  // namespace blob

std::span<const std::string_view> metadata_statuses() { return blob::kStatuses; }

std::string metadata_date(std::int64_t unix_time) {
  using namespace std::chrono;
  const year_month_day date{floor<days>(sys_seconds{seconds{unix_time}})};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", int{date.year()}, unsigned{date.month()},
                unsigned{date.day()});
  return text.data();
}

bool is_metadata_date(std::string_view text) {
  constexpr std::size_t kLength = 10;
  if (text.size() != kLength || text[4] != '-' || text[7] != '-') return false;
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char c : text.substr(at, size)) {
      if (c < '0' || c > '9') return -1;
      value = value * 10 + (c - '0');
    }
    return value;
  };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (year < 0 || month < 0 || day < 0) return false;
  return std::chrono::year_month_day{std::chrono::year{year},
                                     std::chrono::month{static_cast<unsigned>(month)},
                                     std::chrono::day{static_cast<unsigned>(day)}}
      .ok();
}

std::string metadata_blob(const MetadataList& list, const AttestationRoot& root) {
  SystemRandom random;
  const auto signer = metadata_signer(root, random);
  const Json header{
      {"alg", "ES256"}, {"typ", "JWT"}, {"x5c", Json::array({blob::padded_base64(signer.certificate)})}};
  Json payload{{"legalHeader", blob::kLegalHeader},
               {"no", list.number},
               {"nextUpdate", list.next_update},
               {"entries", Json::array()}};
  for (const auto& entry : list.entries) payload["entries"].push_back(blob::describe(entry, list.date));
  const auto to_sign = base64url(bytes_of(header.dump())) + "." + base64url(bytes_of(payload.dump()));
  // RFC 7518, 3.4: r and s, 32 bytes each.
  auto signature = crypto::ecdsa_from_der(crypto::p256::sign(signer.key, bytes_of(to_sign))).value();
  if (list.bad_signature) signature.back() ^= 0x01;
  return to_sign + "." + base64url(signature);
}

}  // namespace fauxkey::control
