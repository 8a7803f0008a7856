#include "app/doctor/checks.h"

#include <algorithm>

namespace fauxkey::app::doctor {

std::string_view name_of(Result result) {
  switch (result) {
    case Result::ok:
      return "ok";
    case Result::note:
      return "note";
    case Result::problem:
      return "problem";
    case Result::impossible:
      return "impossible";
  }
  return "";
}

bool any(const Findings& findings, Result result) {
  return std::ranges::find(findings, result, &Finding::result) != findings.end();
}

Findings examine(const Machine& machine) {
  Findings all;
  for (const auto& check : kChecks) {
    for (auto& finding : check.look(machine)) {
      finding.check = check.name;
      all.push_back(std::move(finding));
    }
  }
  return all;
}

}  // namespace fauxkey::app::doctor
