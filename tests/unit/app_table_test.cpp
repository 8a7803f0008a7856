// Tables and wrapped texts as commands print them.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "app/text.h"

namespace app_table_test {

using namespace fauxkey;
using app::Column;
using app::columns_of;
using app::Row;
using app::table_lines;

const std::vector<Column> kColumns{{.title = "SITE", .least = 8, .shorten = user::Shorten::start},
                                   {.title = "NAME", .least = 6},
                                   {.title = "COUNT", .right = true, .spare = 2},
                                   {.title = "KIND", .spare = 1}};

TEST_CASE("a table is as wide as what it holds where there is room") {
  CHECK(table_lines(kColumns, {{"a.example", "alice", "7", "x"}}, 100) ==
        std::vector<std::string>{"SITE       NAME   COUNT  KIND", "a.example  alice      7  x"});
}

TEST_CASE("the widest column gives way first, sites at their beginning and names at their end") {
  const std::vector<Row> rows{{"login.accounts.example", "alice in wonderland", "7", "x"}};
  for (const std::size_t width : {30U, 35U, 40U, 50U}) {
    const auto lines = table_lines(kColumns, rows, width);
    REQUIRE(lines.size() == 2);
    CHECK(columns_of(lines[1]) <= width);
    CHECK(lines[1].find("example") != std::string::npos);
    CHECK(lines[1].find("alice") != std::string::npos);
  }
  CHECK(table_lines(kColumns, rows, 35).back() == "…s.example  alice in …      7  x");
}

TEST_CASE("where nothing more can give way, spare columns go") {
  const std::vector<Row> rows{{"login.accounts.example", "alice in wonderland", "7", "x"}};
  CHECK(table_lines(kColumns, rows, 24).front() == "SITE      NAME      KIND");
  CHECK(table_lines(kColumns, rows, 18).front() == "SITE      NAME");
  // Narrower than that it is too wide, but there.
  CHECK(table_lines(kColumns, rows, 5).front() == "SITE      NAME");
}

TEST_CASE("characters of two columns and of none keep the columns straight") {
  const auto lines = table_lines({{.title = "NAME", .least = 4}, {.title = "N"}},
                                 {{"密鑰密鑰", "1"}, {"e\u0301te\u0301", "2"}, {"plain", "3"}}, 100);
  for (const auto& line : lines) CHECK(columns_of(line) == 11);
  for (const auto& line :
       table_lines({{.title = "NAME", .least = 4}, {.title = "N"}}, {{"密鑰密鑰", "1"}, {"plain", "3"}}, 9))
    CHECK(columns_of(line) <= 9);
}

TEST_CASE("what a site wrote turns no line and moves no cursor") {
  const auto lines = table_lines({{.title = "NAME"}}, {{"a\u202Eb\x1b[2Jc\nd"}}, 100);
  REQUIRE(lines.size() == 2);
  CHECK(lines[1] == "a\\u{202E}b\\u{1B}[2Jc\\u{A}d");
}

TEST_CASE("texts are wrapped between words") {
  CHECK(app::wrapped("one two three four", 9) == "one two\nthree\nfour");
  CHECK(app::wrapped("one two three", 9, 2, 4) == "one\n  two\n  three");
  CHECK(app::wrapped("averylongword b", 5) == "averylongword\nb");
  CHECK(app::wrapped("", 5).empty());
}

}  // namespace app_table_test
