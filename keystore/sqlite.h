// SQLite with owners, and with its errors as StoreError.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fauxkey/bytes.h"
#include "fauxkey/credential_store.h"

namespace fauxkey::keystore {

/// The error of an errno value on `path`, `doing` being what failed ("make the folder").
[[nodiscard]] StoreError system_error(int error, const std::filesystem::path& path, std::string_view doing);
[[nodiscard]] StoreError damaged_file(const std::filesystem::path& path, std::string_view what);

class Database;

/// A prepared statement. `bind` numbers parameters from 1 as SQL does, `column` from 0. What is bound must
/// live until the `reset`.
class Statement {
 public:
  /// None.
  Statement() = default;
  void bind(int parameter, ByteView blob);
  void bind(int parameter, std::int64_t integer);
  /// True where there is a row.
  [[nodiscard]] StoreResult<bool> step();
  /// Steps to the end of a statement without rows.
  [[nodiscard]] StoreResult<void> run();
  void reset();
  [[nodiscard]] std::int64_t integer(int column) const;
  /// Valid until the next step or reset. Empty where the column is no blob.
  [[nodiscard]] ByteView blob(int column) const;
  [[nodiscard]] std::string text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  Statement(const Database& database, sqlite3_stmt* statement)
      : database_{&database}, statement_{statement} {}
  const Database* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Prepares statements one after the other; the first error is kept.
class Preparation {
 public:
  explicit Preparation(const Database& database) : database_{database} {}
  [[nodiscard]] Statement operator()(std::string_view sql);
  [[nodiscard]] const std::optional<StoreError>& error() const { return error_; }

 private:
  const Database& database_;
  std::optional<StoreError> error_;
};

/// Resets a statement at the end of its use.
class Use {
 public:
  explicit Use(Statement& statement) : statement_{statement} {}
  ~Use() { statement_.reset(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  Statement* operator->() { return &statement_; }
  const Statement& operator*() const { return statement_; }

 private:
  Statement& statement_;
};

class Database {
 public:
  /// Opens an existing file with all that makes SQLite safe with a hostile one.
  [[nodiscard]] static StoreResult<std::unique_ptr<Database>> open(const std::filesystem::path& path);

  /// Writes the log's bytes over themselves and syncs them. Where a sync failed before, the system may show
  /// bytes that it never wrote and would not write any more (Linux takes such pages for clean), and what is
  /// built on them would be lost with them.
  [[nodiscard]] StoreResult<void> renew_log();

  /// Closing moves what is in the write-ahead log into the file; not so before this, for the file may be
  /// refused yet.
  void allow_checkpoint_on_close();

  /// Moves all that is in the write-ahead log into the file, durably, and empties the log.
  [[nodiscard]] StoreResult<void> checkpoint();

  /// Writes the file anew, in one transaction.
  [[nodiscard]] StoreResult<void> vacuum();

  /// Reads the main file from `offset` on, without what the write-ahead log has; 0 at its end. (By SQLite's
  /// own descriptor: to close another one would end SQLite's locks.)
  [[nodiscard]] StoreResult<std::size_t> read_file(std::uint64_t offset,
                                                   std::span<std::uint8_t> buffer) const;

  /// Whether the file still has its name. What is written to one that was deleted or replaced would be lost
  /// with the process.
  [[nodiscard]] StoreResult<void> check_in_place() const;

  /// Runs SQL that gives no rows or whose rows do not matter.
  [[nodiscard]] StoreResult<void> execute(const char* sql);
  [[nodiscard]] StoreResult<Statement> prepare(std::string_view sql) const;
  /// The first row's first column.
  [[nodiscard]] StoreResult<std::int64_t> query_integer(const char* sql) const;
  [[nodiscard]] StoreResult<std::string> query_text(const char* sql) const;

  [[nodiscard]] std::int64_t changes() const { return sqlite3_changes64(handle_.get()); }
  [[nodiscard]] std::int64_t last_row() const { return sqlite3_last_insert_rowid(handle_.get()); }
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
  /// Throws std::bad_alloc where SQLite had no memory.
  [[nodiscard]] StoreError error() const;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
  };
  Database(std::filesystem::path path, sqlite3* handle) : path_{std::move(path)}, handle_{handle} {}

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// Takes its changes back unless it is committed.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_{database} {}
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  /// Not where the file has been moved away meanwhile.
  [[nodiscard]] StoreResult<void> begin();
  [[nodiscard]] StoreResult<void> commit() { return database_.execute("COMMIT"); }

 private:
  Database& database_;
};

}  // namespace fauxkey::keystore
