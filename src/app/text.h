// How commands write what they found.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fauxkey/bytes.h"
#include "user/display_text.h"

namespace fauxkey::app {

/// Lower case, without separators.
[[nodiscard]] std::string hex(ByteView bytes);
/// "2026-03-01T12:00:00Z"
[[nodiscard]] std::string date_and_time(std::int64_t unix_time);
/// "2.5 MiB"
[[nodiscard]] std::string file_size(std::uint64_t bytes);
/// "1 credential", "2 credentials"
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view noun);

/// Columns of the terminal that a text takes.
[[nodiscard]] std::size_t columns_of(std::string_view text);

/// One column of a table.
struct Column {
  std::string title;
  /// Where the table is too wide for the terminal: no narrower than this. 0: never narrowed.
  std::size_t least = 0;
  user::Shorten shorten = user::Shorten::end;
  bool right = false;  ///< numbers
};

/// Texts of any origin: they are made safe to show (user/display_text.h).
using Row = std::vector<std::string>;

/// On stdout; to the terminal's width where that is one.
void print_table(const std::vector<Column>& columns, const std::vector<Row>& rows);

/// Throws Failure where what was written to stdout did not arrive.
void finish_output();

}  // namespace fauxkey::app
