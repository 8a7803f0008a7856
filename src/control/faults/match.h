// A rule's "match": which requests it is for.
#pragma once

#include <cstdint>
#include <optional>

#include "control/faults/request.h"
#include "control/faults/rule_error.h"

namespace fauxkey::control::faults {

/// What is not there holds for all requests.
struct Match {
  Json json = Json::object();       ///< as it was read
  const CommandRow* row = nullptr;  ///< of the command that the rule names, or whose number it gives
  std::optional<std::uint8_t> number{};
  std::optional<std::uint64_t> sub_command{};
  std::optional<RpIdHash> rp_id_hash{};
  std::uint64_t nth = 1;

  /// Throws RuleError.
  [[nodiscard]] static Match read(const Json& json);
  /// Whether it is for such a request; which of them, `nth` tells.
  [[nodiscard]] bool holds(const Request& request) const;
};

}  // namespace fauxkey::control::faults
