#include "app/doctor/report.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "app/error.h"
#include "app/text.h"

namespace fauxkey::app::doctor {
namespace {

constexpr std::size_t kResultColumns = 12;
constexpr std::size_t kCheckColumns = 18;

struct Look {
  Result result;
  const char* colour;  ///< SGR parameters (ECMA-48)
};
constexpr std::array kLooks{
    Look{Result::ok, "32"},
    Look{Result::note, "33"},
    Look{Result::problem, "1;31"},
    Look{Result::impossible, "1;35"},
};

std::string coloured(std::string_view text, const char* colour, const Style& style) {
  if (!style.colour) return std::string{text};
  return "\x1b[" + std::string{colour} + "m" + std::string{text} + "\x1b[0m";
}

std::string padded(std::string_view text, std::size_t columns) {
  return std::string{text} + std::string(columns - std::min(columns_of(text), columns - 1), ' ');
}

/// The words of `text`, in lines that begin at the column `indent`; the first one's beginning is written
/// already.
std::string folded(std::string_view text, std::size_t indent, const Style& style) {
  if (style.columns <= indent + 20) return std::string{text} + "\n";
  std::string out;
  std::size_t column = indent;
  while (!text.empty()) {
    const auto word = text.substr(0, std::min(text.find(' '), text.size()));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const auto width = columns_of(word);
    if (column > indent && column + 1 + width > style.columns) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += width;
  }
  return out + "\n";
}

Result worst_of(const Findings& findings) {
  for (const auto result : {Result::impossible, Result::problem, Result::note}) {
    if (any(findings, result)) return result;
  }
  return Result::ok;
}

std::string summary(const Findings& findings) {
  const auto number = [&](Result result) {
    return static_cast<std::uint64_t>(std::ranges::count(findings, result, &Finding::result));
  };
  std::string text = any(findings, Result::impossible)
                         ? "A real device is impossible here"
                         : (any(findings, Result::problem) ? "" : "Nothing is in a key's way");
  for (const auto& [result, noun] :
       {std::pair{Result::problem, "problem"}, std::pair{Result::note, "note"}}) {
    if (const auto found = number(result); found > 0)
      text += (text.empty() ? "" : "; ") + counted(found, noun);
  }
  return text + ".\n";
}

nlohmann::ordered_json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}

}  // namespace

Style style_of_output() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1) return {};
  const char* const no_colour = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::string_view{terminal} == "dumb";
  Style style{.columns = 0, .colour = !dumb && (no_colour == nullptr || *no_colour == '\0')};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) style.columns = size.ws_col;
  return style;
}

std::string to_text(const Findings& findings, const Style& style) {
  constexpr std::size_t kIndent = kResultColumns + kCheckColumns;
  std::string out;
  for (const auto& finding : findings) {
    const auto* const look = std::ranges::find(kLooks, finding.result, &Look::result);
    out += coloured(name_of(finding.result), look->colour, style) +
           std::string(kResultColumns - name_of(finding.result).size(), ' ') +
           padded(finding.check, kCheckColumns) +
           folded((finding.subject.empty() ? "" : finding.subject + ": ") + finding.text, kIndent, style);
    if (!finding.what_to_do.empty())
      out += std::string(kIndent, ' ') + "-> " + folded(finding.what_to_do, kIndent + 3, style);
    // As it is: what a terminal folds by itself is one line still when it is copied.
    if (!finding.command.empty())
      out += std::string(kIndent + 3, ' ') + coloured(finding.command, "1", style) + "\n";
  }
  return out + "\n" + summary(findings);
}

nlohmann::ordered_json to_json(const Findings& findings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& finding : findings) {
    list.push_back({{"check", finding.check},
                    {"subject", text_or_null(finding.subject)},
                    {"result", name_of(finding.result)},
                    {"text", finding.text},
                    {"whatToDo", text_or_null(finding.what_to_do)},
                    {"command", text_or_null(finding.command)}});
  }
  return {{"result", name_of(worst_of(findings))}, {"findings", std::move(list)}};
}

int exit_status(const Findings& findings) {
  if (any(findings, Result::impossible)) return kCannotRunHere;
  return any(findings, Result::problem) ? kFailed : kDone;
}

}  // namespace fauxkey::app::doctor
