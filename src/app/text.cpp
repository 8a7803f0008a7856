#include "app/text.h"

#include <sodium.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdio>
#include <ctime>
#include <cwchar>
#include <iostream>
#include <limits>
#include <numeric>

#include "app/error.h"
#include "base/environment.h"

namespace fauxkey::app {
namespace {

using user::display_text;
using user::Shorten;

constexpr std::size_t kGap = 2;
/// No cell is wider, for a name may be as long as whoever imported it liked: on a terminal, and elsewhere.
constexpr std::size_t kWidest = 64;
constexpr std::size_t kWidestInFiles = 1024;
constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

/// Whatever the user's locale is, texts are UTF-8 here.
class Utf8 {
 public:
  Utf8() : locale_{::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)}, before_{::uselocale(locale_)} {}
  ~Utf8() {
    ::uselocale(before_);
    if (locale_ != nullptr) ::freelocale(locale_);
  }
  Utf8(const Utf8&) = delete;
  Utf8& operator=(const Utf8&) = delete;

 private:
  locale_t locale_;
  locale_t before_;
};

/// Shown in `columns` at most.
std::string fit(std::string_view text, std::size_t columns, Shorten shorten) {
  // What is left out anyway need not be looked at.
  const std::size_t enough = 8 * columns;
  if (text.size() > enough)
    text = shorten == Shorten::end ? text.substr(0, enough) : text.substr(text.size() - enough);
  std::string shown = display_text(text, columns, shorten);
  // Some characters take two columns.
  for (std::size_t most = columns; most > 1 && columns_of(shown) > columns; --most) {
    shown = display_text(text, most - 1, shorten);
  }
  return shown;
}

std::size_t sum(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), widths.empty() ? 0 : (widths.size() - 1) * kGap);
}

/// Takes from the widest column that may be narrower, until all fit.
void narrow(std::vector<std::size_t>& widths, const std::vector<Column>& columns, std::size_t available) {
  while (sum(widths) > available) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const bool can = columns[i].least != 0 && widths[i] > columns[i].least;
      if (can && (widest == widths.size() || widths[i] > widths[widest])) widest = i;
    }
    if (widest == widths.size()) return;
    --widths[widest];
  }
}

/// What they take where each is as narrow as it may be.
std::size_t least_sum(const std::vector<std::size_t>& widths, const std::vector<Column>& columns) {
  auto least = widths;
  for (std::size_t i = 0; i < least.size(); ++i)
    if (columns[i].least != 0) least[i] = std::min(least[i], columns[i].least);
  return sum(least);
}

std::string joined(const Row& row, const std::vector<Column>& columns,
                   const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto taken = columns_of(row[i]);
    const std::string padding(widths[i] - std::min(taken, widths[i]), ' ');
    if (columns[i].right) line += padding;
    line += row[i];
    if (i + 1 == row.size()) break;
    if (!columns[i].right) line += padding;
    line += std::string(kGap, ' ');
  }
  return line;
}

Colours chosen_colours = Colours::automatic;

}  // namespace

std::string shown(const std::string& text) { return display_text(text, kWidest, Shorten::start); }

std::string date_and_time(std::int64_t unix_time) {
  const std::time_t time{unix_time};
  std::tm utc{};
  std::array<char, 32> text{};
  if (::gmtime_r(&time, &utc) == nullptr) return "?";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

std::string file_size(std::uint64_t bytes) {
  constexpr std::array kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return std::to_string(bytes) + " bytes";
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.1f %s", value, kUnits.at(unit));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string counted(std::uint64_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string{noun} + (number == 1 ? "" : "s");
}

std::size_t columns_of(std::string_view text) {
  const Utf8 utf8;
  std::mbstate_t state{};
  std::size_t columns = 0;
  while (!text.empty()) {
    wchar_t character = 0;
    const std::size_t size = std::mbrtowc(&character, text.data(), text.size(), &state);
    if (size == 0 || size > text.size()) {  // no UTF-8, or no such locale
      state = {};
      ++columns;
      text.remove_prefix(1);
      continue;
    }
    columns += static_cast<std::size_t>(std::max(::wcwidth(character), 0));
    text.remove_prefix(size);
  }
  return columns;
}

std::vector<std::string> table_lines(std::vector<Column> columns, std::vector<Row> rows, std::size_t width) {
  const std::size_t widest = width == kUnlimited ? kWidestInFiles : kWidest;
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t most = columns_of(columns[i].title);
    for (const auto& row : rows) most = std::max(most, columns_of(fit(row[i], widest, columns[i].shorten)));
    widths.push_back(most);
  }
  while (least_sum(widths, columns) > width) {
    const auto victim = std::ranges::max_element(columns, {}, &Column::spare);
    if (victim->spare == 0) break;
    const auto at = victim - columns.begin();
    columns.erase(victim);
    widths.erase(widths.begin() + at);
    for (auto& row : rows) row.erase(row.begin() + at);
  }
  narrow(widths, columns, width);

  std::vector<std::string> lines;
  Row titles;
  for (const auto& column : columns) titles.push_back(column.title);
  lines.push_back(joined(titles, columns, widths));
  for (const auto& row : rows) {
    Row cells;
    for (std::size_t i = 0; i < columns.size(); ++i)
      cells.push_back(fit(row[i], widths[i], columns[i].shorten));
    lines.push_back(joined(cells, columns, widths));
  }
  return lines;
}

void print_table(const std::vector<Column>& columns, const std::vector<Row>& rows) {
  const auto lines = table_lines(columns, rows, terminal_columns(STDOUT_FILENO));
  for (std::size_t i = 0; i < lines.size(); ++i)
    std::cout << (i == 0 ? styled(Style::heading, lines[i], STDOUT_FILENO) : lines[i]) << '\n';
}

bool is_terminal(int descriptor) {
  const auto term = environment("TERM");
  return ::isatty(descriptor) == 1 && !term.empty() && term != "dumb";
}

std::size_t terminal_columns(int descriptor) {
  winsize size{};
  if (::isatty(descriptor) != 1 || ::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return kUnlimited;
  return size.ws_col;
}

void choose_colours(Colours colours) { chosen_colours = colours; }

bool has_colours(int descriptor) {
  if (chosen_colours != Colours::automatic) return chosen_colours == Colours::always;
  return is_terminal(descriptor) && environment("NO_COLOR").empty();
}

std::string styled(Style style, std::string_view text, int descriptor) {
  std::string shown{text};
  if (!has_colours(descriptor)) return shown;
  constexpr std::array kCodes{"\x1b[1m", "\x1b[32m", "\x1b[33m", "\x1b[31m"};
  return kCodes.at(static_cast<std::size_t>(style)) + shown + "\x1b[0m";
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent, std::size_t taken) {
  std::string lines;
  std::size_t column = taken;
  bool first = true;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    const auto size = columns_of(word);
    if (!first && column + 1 + size > width) {
      lines.append("\n").append(indent, ' ');
      column = indent;
      first = true;
    }
    if (!first) lines += ' ';
    column += size + (first ? 0 : 1);
    lines += word;
    first = false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void finish_output() {
  std::cout << std::flush;
  if (!std::cout) throw Failure{"The output could not be written: see that its target takes it."};
}

}  // namespace fauxkey::app
