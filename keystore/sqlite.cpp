#include "keystore/sqlite.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

#include "base/working.h"
#include "keystore/files.h"
#include "keystore/sealing.h"

namespace fauxkey::keystore {
namespace {

using Kind = StoreError::Kind;

StoreError disk_full(const std::filesystem::path& path) {
  return {Kind::full, "The disk with " + quoted(path) +
                          " is full and nothing was changed: free some space and try again."};
}

StoreError read_only(const std::filesystem::path& path) {
  return {Kind::read_only,
          quoted(path) +
              " or its folder cannot be written: give this user write permission there, or name "
              "another keystore with --store."};
}

bool means_full(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }
/// What the operating system said last of the database or its log; 0 where it said nothing.
/// (sqlite3_system_errno is not set by errors in sqlite3_step.)
int last_errno(sqlite3* handle) {
  for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
    sqlite3_file* file = nullptr;
    int error = 0;
    if (sqlite3_file_control(handle, "main", which, &file) == SQLITE_OK && file != nullptr &&
        file->pMethods != nullptr &&
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error) == SQLITE_OK && error != 0) {
      return error;
    }
  }
  return sqlite3_system_errno(handle);
}

bool means_read_only(int error) { return error == EROFS || error == EACCES || error == EPERM; }

}  // namespace

StoreError system_error(int error, const std::filesystem::path& path, std::string_view doing) {
  if (means_full(error)) return disk_full(path);
  if (means_read_only(error)) return read_only(path);
  return {Kind::io, "Could not " + std::string{doing} + " " + quoted(path) + " (" +
                        std::generic_category().message(error) +
                        "): check the path and the disk, or name another keystore with --store."};
}

StoreError damaged_file(const std::filesystem::path& path, std::string_view what) {
  return {Kind::damaged,
          "The keystore " + quoted(path) + " is damaged (" + std::string{what} +
              ") and was left as it is: put back a backup, or move it away to start a new one."};
}

void Statement::bind(int parameter, ByteView blob) {
  // A null pointer would bind NULL.
  static constexpr std::uint8_t kNothing = 0;
  sqlite3_bind_blob64(statement_.get(), parameter, blob.empty() ? &kNothing : blob.data(), blob.size(),
                      SQLITE_STATIC);
}

void Statement::bind(int parameter, std::int64_t integer) {
  sqlite3_bind_int64(statement_.get(), parameter, integer);
}

StoreResult<bool> Statement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return std::unexpected{database_->error()};
}

StoreResult<void> Statement::run() {
  for (;;) {
    const auto row = step();
    if (!row) return std::unexpected{row.error()};
    if (!*row) return {};
  }
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

ByteView Statement::blob(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_BLOB) return {};
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (data == nullptr || size <= 0) return {};
  return {data, static_cast<std::size_t>(size)};
}

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data != nullptr ? std::string(data, static_cast<std::size_t>(size)) : std::string{};
}

StoreError Database::error() const {
  const int code = sqlite3_extended_errcode(handle_.get());
  const bool system_failed = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  const std::string message = sqlite3_errmsg(handle_.get());
  const int system = system_failed ? last_errno(handle_.get()) : 0;
  switch (code & 0xff) {
    case SQLITE_NOMEM:  // which a forged file may bring about as well
      return {Kind::io, "There is not enough memory to read or write the keystore " + quoted(path_) +
                            ": free some, or put back a backup of the keystore if that does not help."};
    case SQLITE_FULL:
      return disk_full(path_);
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return read_only(path_);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_ERROR:  // the statements are fixed, so it is the file's schema that does not suit them
      return damaged_file(path_, message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Kind::io,
              "The keystore " + quoted(path_) +
                  " is open in another program, such as sqlite3 or a backup: close that and try again."};
    default:
      break;
  }
  if (system_failed && (means_full(system) || means_read_only(system))) {
    return system_error(system, path_, "write");
  }
  std::string reason = message;
  if (system != 0) reason += ", " + std::generic_category().message(system);
  return {Kind::io, "The keystore " + quoted(path_) + " could not be read or written (" + reason +
                        "): check the disk and the system's log."};
}

StoreResult<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path) {
  sqlite3* handle = nullptr;
  // Without SQLITE_OPEN_CREATE and without URI names: the path is a path. The store has a mutex of its own.
  const int opened = sqlite3_open_v2(
      path.c_str(), &handle,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
      nullptr);
  if (handle == nullptr) throw std::bad_alloc{};
  std::unique_ptr<Database> database{new Database{path, handle}};
  if (opened != SQLITE_OK) return std::unexpected{database->error()};

  // The file may come from anywhere: no trigger, view or schema expression of it runs, nothing of it is
  // mapped into memory, and no value of it is larger than any that we write.
  for (const auto& [option, value] : {std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                                      {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
                                      {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
                                      {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1}}) {
    sqlite3_db_config(handle, option, value, nullptr);
  }
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, static_cast<int>(kMaxSealed));
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(handle, SQLITE_LIMIT_WORKER_THREADS, 0);
  const auto ready = database->execute(
      // Nobody else comes in while this process has the file, and the index of the WAL needs no shared
      // memory: if this comes before any other, for most read the file.
      "PRAGMA locking_mode=EXCLUSIVE;"
      "PRAGMA mmap_size=0;"
      "PRAGMA cell_size_check=ON;"
      "PRAGMA temp_store=MEMORY;"
      // Deleted rows are overwritten by zeros.
      "PRAGMA secure_delete=ON;"
      // FULL, not WAL mode's usual NORMAL, which syncs at checkpoints only: a power cut would take back
      // credentials that a host has been told of, and counters, which a relying party then takes for a clone.
      "PRAGMA synchronous=FULL;");
  if (!ready) return std::unexpected{ready.error()};
  return database;
}

StoreResult<void> Database::renew_log() {
  sqlite3_file* log = nullptr;
  sqlite3_int64 size = 0;
  if (sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK ||
      log == nullptr || log->pMethods == nullptr) {
    return {};
  }
  const auto failed = [&]() -> StoreResult<void> {
    const int system = last_errno(handle_.get());
    return std::unexpected{system_error(system != 0 ? system : EIO, path_, "write the log of")};
  };
  if (log->pMethods->xFileSize(log, &size) != SQLITE_OK) return failed();
  if (size == 0) return {};
  Bytes block(std::size_t{1} << 16U);
  for (sqlite3_int64 at = 0; at < size; at += static_cast<sqlite3_int64>(block.size())) {
    const int count =
        static_cast<int>(std::min<sqlite3_int64>(static_cast<sqlite3_int64>(block.size()), size - at));
    if (log->pMethods->xRead(log, block.data(), count, at) != SQLITE_OK ||
        log->pMethods->xWrite(log, block.data(), count, at) != SQLITE_OK) {
      return failed();
    }
  }
  return log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) == SQLITE_OK ? StoreResult<void>{} : failed();
}

void Database::allow_checkpoint_on_close() {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

StoreResult<void> Database::checkpoint() {
  const auto busy = query_integer("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!busy) return std::unexpected{busy.error()};
  if (*busy != 0) {
    return std::unexpected{StoreError{
        Kind::io, "The keystore " + quoted(path_) +
                      " is open in another program, such as sqlite3 or a backup: close that and try again."}};
  }
  return {};
}

StoreResult<void> Database::vacuum() {
  // It attaches a temporary database for itself.
  sqlite3_limit(handle_.get(), SQLITE_LIMIT_ATTACHED, 1);
  const Working working{"Writing the keystore anew"};
  auto done = execute("VACUUM");
  sqlite3_limit(handle_.get(), SQLITE_LIMIT_ATTACHED, 0);
  return done;
}

StoreResult<std::size_t> Database::read_file(std::uint64_t offset, std::span<std::uint8_t> buffer) const {
  sqlite3_file* file = nullptr;
  sqlite3_int64 size = 0;
  if (sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
      file == nullptr || file->pMethods->xFileSize(file, &size) != SQLITE_OK) {
    return std::unexpected{error()};
  }
  if (offset >= static_cast<std::uint64_t>(size)) return 0;
  const auto count = std::min<std::uint64_t>(buffer.size(), static_cast<std::uint64_t>(size) - offset);
  if (file->pMethods->xRead(file, buffer.data(), static_cast<int>(count),
                            static_cast<sqlite3_int64>(offset)) != SQLITE_OK) {
    return std::unexpected{system_error(EIO, path_, "read")};
  }
  return static_cast<std::size_t>(count);
}

StoreResult<void> Database::check_in_place() {
  int moved = 0;
  if (sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
      moved != 0) {
    return std::unexpected{StoreError{
        Kind::io, "The keystore " + quoted(path_) +
                      " was deleted or replaced while it was in use and nothing was changed: put the "
                      "same file back, or end fauxkey and start it with the one that is there."}};
  }
  std::filesystem::path log_path = path_;
  log_path += "-wal";
  std::error_code error;
  if (std::filesystem::exists(log_path, error)) {
    had_log_ = true;
  } else if (had_log_ && !error) {
    return std::unexpected{StoreError{
        Kind::io, "The log " + quoted(log_path) +
                      " was deleted while it was in use and nothing was changed: end fauxkey, which "
                      "writes all that the log had into the keystore, and start it again."}};
  }
  return {};
}

StoreResult<void> Database::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    return std::unexpected{error()};
  return {};
}

StoreResult<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement, nullptr) != SQLITE_OK) {
    return std::unexpected{error()};
  }
  return Statement{*this, statement};
}

StoreResult<std::int64_t> Database::query_integer(const char* sql) const {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected{statement.error()};
  const auto row = statement->step();
  if (!row) return std::unexpected{row.error()};
  return *row ? statement->integer(0) : 0;
}

StoreResult<std::string> Database::query_text(const char* sql) const {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected{statement.error()};
  const auto row = statement->step();
  if (!row) return std::unexpected{row.error()};
  return *row ? statement->text(0) : std::string{};
}

Statement Preparation::operator()(std::string_view sql) {
  auto statement = database_.prepare(sql);
  if (statement) return *std::move(statement);
  if (!error_) error_ = statement.error();
  return {};
}

StoreResult<void> Transaction::begin() {
  if (auto in_place = database_.check_in_place(); !in_place) return in_place;
  return database_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  // SQLite has rolled back by itself after some errors.
  if (database_.in_transaction()) static_cast<void>(database_.execute("ROLLBACK"));
}

}  // namespace fauxkey::keystore
