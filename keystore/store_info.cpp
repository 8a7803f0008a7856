#include "keystore/store_info.h"

#include <optional>

#include "keystore/lock_file.h"
#include "keystore/sqlite.h"
#include "keystore/store_file.h"

namespace fauxkey::keystore {

StoreResult<StoreInfo> store_info(const std::filesystem::path& path) {
  const auto lock = Lock::take(path);
  if (!lock) return std::unexpected{lock.error()};
  const auto present = inspect(path);
  if (!present) return std::unexpected{present.error()};
  // Closing it does not move the log's content into the file.
  const auto database = Database::open(path);
  if (!database) return std::unexpected{database.error()};

  std::optional<StoreError> error;
  const auto number = [&](const char* sql) {
    const auto found = (*database)->query_integer(sql);
    if (!found) error = found.error();
    return found.value_or(0);
  };
  StoreInfo info{.format = number("PRAGMA user_version"),
                 .size = static_cast<std::uint64_t>(number("PRAGMA page_count") * number("PRAGMA page_size")),
                 .wrapping = {},
                 .credentials = static_cast<std::uint64_t>(number("SELECT count(*) FROM credentials")),
                 .counters = static_cast<std::uint64_t>(number("SELECT count(*) FROM counters")),
                 .records = static_cast<std::uint64_t>(number("SELECT count(*) FROM records"))};
  if (error) return std::unexpected{*error};
  const auto record = read_unlock_record(**database);
  if (!record) return std::unexpected{record.error()};
  const auto wrapping = wrapping_of(*record);
  if (!wrapping) return std::unexpected{damaged_file(path, "its unlock record is none")};
  info.wrapping = *wrapping;
  return info;
}

}  // namespace fauxkey::keystore
