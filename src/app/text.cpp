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

namespace fauxkey::app {
namespace {

using user::display_text;
using user::Shorten;

constexpr std::size_t kGap = 2;
/// No cell is wider, for a name may be as long as whoever imported it liked.
constexpr std::size_t kWidest = 64;
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

std::size_t terminal_columns() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return kUnlimited;
  return size.ws_col;
}

/// Shown in `columns` at most.
std::string fit(std::string_view text, std::size_t columns, Shorten shorten) {
  // What is left out anyway need not be looked at.
  constexpr std::size_t kEnough = 8 * kWidest;
  if (text.size() > kEnough)
    text = shorten == Shorten::end ? text.substr(0, kEnough) : text.substr(text.size() - kEnough);
  std::string shown = display_text(text, columns, shorten);
  // Some characters take two columns.
  for (std::size_t most = columns; most > 1 && columns_of(shown) > columns; --most) {
    shown = display_text(text, most - 1, shorten);
  }
  return shown;
}

/// Takes from the widest column that may be narrower, until all fit.
void narrow(std::vector<std::size_t>& widths, const std::vector<Column>& columns, std::size_t available) {
  const auto total = [&] {
    return std::accumulate(widths.begin(), widths.end(), (widths.size() - 1) * kGap);
  };
  while (total() > available) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const bool can = columns[i].least != 0 && widths[i] > columns[i].least;
      if (can && (widest == widths.size() || widths[i] > widths[widest])) widest = i;
    }
    if (widest == widths.size()) return;
    --widths[widest];
  }
}

void print_row(const Row& row, const std::vector<Column>& columns, const std::vector<std::size_t>& widths) {
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
  std::cout << line << "\n";
}

}  // namespace

std::string hex(ByteView bytes) {
  std::string text(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

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

void print_table(const std::vector<Column>& columns, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  Row titles;
  for (const auto& column : columns) {
    widths.push_back(columns_of(column.title));
    titles.push_back(column.title);
  }
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < columns.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(fit(row[i], kWidest, columns[i].shorten)));
  }
  narrow(widths, columns, terminal_columns());
  print_row(titles, columns, widths);
  for (const auto& row : rows) {
    Row shown;
    for (std::size_t i = 0; i < columns.size(); ++i)
      shown.push_back(fit(row[i], widths[i], columns[i].shorten));
    print_row(shown, columns, widths);
  }
}

void finish_output() {
  std::cout << std::flush;
  if (!std::cout) throw Failure{"The output could not be written: see that its target takes it."};
}

}  // namespace fauxkey::app
