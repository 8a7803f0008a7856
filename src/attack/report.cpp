#include "attack/report.h"

#include <array>
#include <cstdio>

#include "attack/attack_files.h"
#include "cbor/utf8.h"

namespace fauxkey::attack {
namespace {

struct OutcomeRow {
  Outcome outcome;
  const char* word;   ///< in JSON, and a class of the page
  const char* count;  ///< what a number of them are
};
constexpr std::array kOutcomes{
    OutcomeRow{Outcome::not_rejected, "not-rejected", "not rejected"},
    OutcomeRow{Outcome::not_accepted, "not-accepted", "refused although correct"},
    OutcomeRow{Outcome::error, "error", "not played, by an error"},
    OutcomeRow{Outcome::as_expected, "as-expected", "as they should be"},
    OutcomeRow{Outcome::site_policy, "policy", "left to the site"},
    OutcomeRow{Outcome::not_applicable, "not-applicable", "not applicable"},
};

const char* word_of(Outcome outcome) {
  for (const auto& row : kOutcomes) {
    if (row.outcome == outcome) return row.word;
  }
  return "error";
}

std::string seconds(std::chrono::milliseconds time) {
  std::array<char, 32> text{};
  (void)std::snprintf(text.data(), text.size(), "%lld.%03lld", static_cast<long long>(time.count() / 1000),
                      static_cast<long long>(time.count() % 1000));
  return text.data();
}

std::string expected_word(Verdict verdict) { return std::string{control::name_in(kVerdictNames, verdict)}; }

/// A failure's sentence.
std::string problem_of(const Result& result) {
  switch (result.outcome) {
    case Outcome::not_rejected:
      return "The site accepted this, and has to refuse it (" + steps_text(result.scenario->steps) + ").";
    case Outcome::not_accepted:
      return "The site refused this, and nothing is wrong with it (" + steps_text(result.scenario->steps) +
             "): " + result.said;
    default:
      return "This could not be played: " + result.said;
  }
}

std::string cell(std::string_view text) { return "<td>" + escaped(text) + "</td>"; }

void add_row(std::string& page, const Result& result) {
  const auto& scenario = *result.scenario;
  std::string what = escaped(scenario.title);
  if (!scenario.why.empty()) what += " <span class=\"dim\">" + escaped(scenario.why) + "</span>";
  page += "<tr><td><code>" + escaped(scenario.id) + "</code></td>" + cell(steps_text(scenario.steps)) +
          "<td>" + what + "</td>" + cell(expected_word(result.expected)) + "<td class=\"" +
          word_of(result.outcome) + "\">" +
          escaped(result.site.empty() ? name_of(result.outcome) : result.site) + "</td>" + cell(result.said) +
          "</tr>\n";
}

}  // namespace

std::string escaped(std::string_view text) {
  const std::string valid =
      cbor::is_utf8(text) ? std::string{text} : control::to_text(Json(std::string{text}));
  std::string escaped;
  escaped.reserve(valid.size());
  for (const char c : valid) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
          escaped += "\xEF\xBF\xBD";
        else
          escaped += c;
    }
  }
  return escaped;
}

std::string steps_text(const std::vector<std::string>& steps) {
  std::string text;
  std::string section;
  for (const auto& step : steps) {
    const auto of = step.substr(0, 3);
    text += of == section ? ", " : (text.empty() ? "" : "; ") + of + " step ";
    text += step.substr(4);
    section = of;
  }
  return text;
}

Json report_json(const Report& report) {
  Json results = Json::array();
  for (const auto& result : report.results) {
    results.push_back({{"id", result.scenario->id},
                       {"title", result.scenario->title},
                       {"steps", result.scenario->steps},
                       {"ceremony", attack::name_of(result.scenario->ceremony)},
                       {"expected", expected_word(result.expected)},
                       {"outcome", word_of(result.outcome)},
                       {"site", result.site.empty() ? Json(nullptr) : Json(result.site)},
                       {"said", result.said},
                       {"milliseconds", result.took.count()}});
  }
  Json counts = Json::object();
  for (const auto& row : kOutcomes) counts[row.word] = report.count(row.outcome);
  return {{"site", report.site},         {"shape", report.shape},       {"way", report.way},
          {"policies", report.policies}, {"accounts", report.accounts}, {"controls", report.controls},
          {"good", report.is_good()},    {"counts", std::move(counts)}, {"results", std::move(results)}};
}

std::string report_junit(const Report& report) {
  const auto failures = report.count(Outcome::not_rejected) + report.count(Outcome::not_accepted);
  const auto skipped = report.count(Outcome::not_applicable);
  const auto numbers = " tests=\"" + std::to_string(report.results.size()) + "\" failures=\"" +
                       std::to_string(failures) + "\" errors=\"" +
                       std::to_string(report.count(Outcome::error)) + "\" skipped=\"" +
                       std::to_string(skipped) + "\" time=\"" + seconds(report.took) + "\"";
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + numbers +
                    ">\n<testsuite name=\"" + escaped("fauxkey attack " + report.site) + "\"" + numbers +
                    ">\n";
  for (const auto& result : report.results) {
    xml += "<testcase classname=\"" + escaped(attack::name_of(result.scenario->ceremony)) + "\" name=\"" +
           escaped(result.scenario->id + ": " + result.scenario->title) + "\" time=\"" +
           seconds(result.took) + "\">";
    if (result.outcome == Outcome::not_rejected || result.outcome == Outcome::not_accepted)
      xml += "<failure message=\"" + escaped(problem_of(result)) + "\"/>";
    else if (result.outcome == Outcome::error)
      xml += "<error message=\"" + escaped(problem_of(result)) + "\"/>";
    else if (result.outcome == Outcome::not_applicable)
      xml += "<skipped message=\"" + escaped(result.said) + "\"/>";
    else
      xml += "<system-out>" + escaped(result.site + (result.said.empty() ? "" : ": " + result.said)) +
             "</system-out>";
    xml += "</testcase>\n";
  }
  return xml + "</testsuite>\n</testsuites>\n";
}

std::string report_html(const Report& report) {
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n"
      "<title>" +
      escaped("fauxkey attack: " + report.site) + "</title>\n<style>\n" + std::string{kReportStyle} +
      "</style>\n</head>\n<body>\n<h1>" + escaped("What " + report.site + " makes of deviations") +
      "</h1>\n<p>" +
      escaped(report.shape + ", by the " + report.way + ". Before, between and after, the site accepted " +
              std::to_string(report.controls) + " correct ceremonies that were played to see that it works.");
  if (!report.policies.empty()) {
    page += " Policies:";
    for (const auto& policy : report.policies) page += " <code>" + escaped(policy) + "</code>";
    page += ".";
  }
  page += "</p>\n<ul class=\"numbers\">\n";
  for (const auto& row : kOutcomes)
    page += "<li class=\"" + std::string{row.word} + "\"><b>" + std::to_string(report.count(row.outcome)) +
            "</b> " + row.count + "</li>\n";
  page += "</ul>\n";
  for (const auto& row : kOutcomes) {
    if (report.count(row.outcome) == 0) continue;
    page += "<h2>" + std::string{row.count} +
            "</h2>\n<div class=\"table\"><table>\n<thead><tr><th>Scenario</th><th>WebAuthn Level "
            "3</th><th>What</th><th>Right</th><th>The site</th><th>It says</th></tr></thead>\n<tbody>\n";
    for (const auto& result : report.results) {
      if (result.outcome == row.outcome) add_row(page, result);
    }
    page += "</tbody></table></div>\n";
  }
  return page + "</body>\n</html>\n";
}

}  // namespace fauxkey::attack
