#include "keystore/compact.h"

#include "keystore/sqlite.h"

namespace fauxkey::keystore {
namespace {

StoreResult<std::uint64_t> size_of(const Database& database) {
  const auto pages = database.query_integer("PRAGMA page_count");
  if (!pages) return std::unexpected{pages.error()};
  const auto page_size = database.query_integer("PRAGMA page_size");
  if (!page_size) return std::unexpected{page_size.error()};
  return static_cast<std::uint64_t>(*pages * *page_size);
}

}  // namespace

StoreResult<Sizes> compact(Database& database) {
  const auto before = size_of(database);
  if (!before) return std::unexpected{before.error()};
  if (auto written = database.vacuum(); !written) return std::unexpected{written.error()};
  if (auto moved = database.checkpoint(); !moved) return std::unexpected{moved.error()};
  const auto after = size_of(database);
  if (!after) return std::unexpected{after.error()};
  return Sizes{*before, *after};
}

}  // namespace fauxkey::keystore
