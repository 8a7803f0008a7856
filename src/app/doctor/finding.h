// What `fauxkey doctor` found: one line of its report.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fauxkey::app::doctor {

struct Finding {
  enum class Result : std::uint8_t {
    ok,
    note,        ///< works, but could be better
    problem,     ///< something does not work that could
    impossible,  ///< a real device cannot be had here
  };
  Result result{};
  std::string check;       ///< the check's name, as checks.h lists it
  std::string subject;     ///< which of several: a node, a browser, a file; empty where there is only one
  std::string text;        ///< what is so, without a full stop
  std::string what_to_do;  ///< in words; empty where nothing is to be done
  std::string command;     ///< what mends it, to be pasted into a shell; empty where no command does
};
using Result = Finding::Result;
using Findings = std::vector<Finding>;

[[nodiscard]] std::string_view name_of(Result result);

/// Whether one of them has this result.
[[nodiscard]] bool any(const Findings& findings, Result result);

}  // namespace fauxkey::app::doctor
