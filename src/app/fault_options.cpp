#include "app/fault_options.h"

#include <fstream>
#include <iterator>

#include "app/error.h"

namespace fauxkey::app {
namespace {

using control::faults::Json;

std::string content_of(const std::string& text) {
  if (!text.starts_with('@')) return text;
  std::ifstream file{text.substr(1), std::ios::binary};
  if (!file) throw UsageError{"--fault: " + text.substr(1) + " cannot be read."};
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

void add_faults(control::faults::Rules& rules, const std::vector<std::string>& texts) {
  for (const auto& text : texts) {
    const auto json = Json::parse(content_of(text), nullptr, false);
    if (json.is_discarded()) {
      throw UsageError{
          "--fault takes a rule in JSON, such as {\"action\": {\"type\": \"bogusSignature\"}}, or @ and a "
          "file "
          "of such; docs/faults.md has them all."};
    }
    try {
      for (const auto& rule : json.is_array() ? json : Json::array({json})) rules.add(rule);
    } catch (const control::faults::RuleError& error) {
      throw UsageError{std::string{"--fault: "} + error.what()};
    }
  }
}

}  // namespace fauxkey::app
