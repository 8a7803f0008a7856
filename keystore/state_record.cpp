#include "keystore/state_record.h"

#include "keystore/record.h"

namespace fauxkey::keystore {
namespace {

Bytes record_data(RecordKind kind) {
  const auto number = static_cast<std::uint8_t>(kind);
  return associated_data(Table::records, {{&number, 1}});
}

}  // namespace

StoreResult<std::optional<SecretBytes>> read_state(const Database& database, const Keys& keys,
                                                   RecordKind kind) {
  auto select = database.prepare("SELECT sealed FROM records WHERE tag = ?1");
  if (!select) return std::unexpected{select.error()};
  const Tag tag = keys.record_tag(kind);
  select->bind(1, tag);
  const auto row = select->step();
  if (!row) return std::unexpected{row.error()};
  if (!*row) return std::nullopt;
  const auto record = unseal(keys.record(kind), record_data(kind), select->blob(0));
  if (!record || !is_state(record->map)) {
    return std::unexpected{damaged_file(database.path(), "a record of its own")};
  }
  return SecretBytes::copy_of(record->secret);
}

StoreResult<void> write_state(const Database& database, const Keys& keys, RecordKind kind, ByteView value,
                              Random& random) {
  const Bytes sealed = seal(keys.record(kind), record_data(kind), encode_state(), value, random);
  auto write = database.prepare("INSERT OR REPLACE INTO records(tag, sealed) VALUES(?1, ?2)");
  if (!write) return std::unexpected{write.error()};
  const Tag tag = keys.record_tag(kind);
  write->bind(1, tag);
  write->bind(2, sealed);
  return write->run();
}

}  // namespace fauxkey::keystore
