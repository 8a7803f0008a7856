// How commands write what they found.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "fauxkey/bytes.h"
#include "user/display_text.h"

namespace fauxkey::app {

/// "2026-03-01T12:00:00Z"
[[nodiscard]] std::string date_and_time(std::int64_t unix_time);
/// "2.5 MiB"
[[nodiscard]] std::string file_size(std::uint64_t bytes);
/// A name of any origin within a sentence.
[[nodiscard]] std::string shown(const std::string& text);
/// "1 credential", "2 credentials"
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view noun);

/// Columns of the terminal that a text takes.
[[nodiscard]] std::size_t columns_of(std::string_view text);

// --- what the output goes to

/// Whether it is a terminal that knows what erasing and colours are; not TERM=dumb.
[[nodiscard]] bool is_terminal(int descriptor);
/// Its width; a large number where it is no terminal.
[[nodiscard]] std::size_t terminal_columns(int descriptor);

enum class Colours : std::uint8_t {
  automatic,  ///< on terminals, unless NO_COLOR is set (no-color.org)
  always,
  never,
};
void choose_colours(Colours colours);
[[nodiscard]] bool has_colours(int descriptor);

enum class Style : std::uint8_t { heading, good, doubtful, bad };
/// `text` so that a terminal shows it in this style; as it is where the descriptor gets no colours.
[[nodiscard]] std::string styled(Style style, std::string_view text, int descriptor);

/// Lines of at most `width` columns, broken at spaces; each but the first begins with `indent` spaces, and
/// the first has `taken` columns less.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent = 0,
                                  std::size_t taken = 0);

/// One column of a table.
struct Column {
  std::string title;
  /// Where the table is too wide for the terminal: no narrower than this. 0: never narrowed.
  std::size_t least = 0;
  user::Shorten shorten = user::Shorten::end;
  bool right = false;  ///< numbers
  /// Left out where a terminal is too narrow for all: the highest first. 0: never.
  unsigned spare = 0;
};

/// Texts of any origin: they are made safe to show (user/display_text.h).
using Row = std::vector<std::string>;

/// Its lines, titles first, of at most `width` columns where the columns allow that.
[[nodiscard]] std::vector<std::string> table_lines(std::vector<Column> columns, std::vector<Row> rows,
                                                   std::size_t width);
/// On stdout; to the terminal's width where that is one, in full elsewhere.
void print_table(const std::vector<Column>& columns, const std::vector<Row>& rows);

/// Throws Failure where what was written to stdout did not arrive.
void finish_output();

}  // namespace fauxkey::app
