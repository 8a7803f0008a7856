#include "control/faults/cbor_faults.h"

#include <algorithm>
#include <functional>
#include <span>

namespace fauxkey::control::faults {
namespace {

using Path = std::span<const cbor::Value>;
/// Does something to the entry of a map; false where there is nothing to do.
using Edit = std::function<bool(cbor::Map&, cbor::Map::iterator)>;

bool edit_at(cbor::Value& value, Path path, const Edit& edit) {
  const auto* map = value.as<cbor::Map>();
  if (map == nullptr || path.empty()) return false;
  cbor::Map changed = *map;
  const auto entry = std::ranges::find(changed, path.front(), &cbor::Map::value_type::first);
  if (entry == changed.end()) return false;
  if (path.size() == 1 ? !edit(changed, entry) : !edit_at(entry->second, path.subspan(1), edit)) return false;
  value = std::move(changed);
  return true;
}

bool edit_member(Bytes& encoded, const MemberPath& path, const Edit& edit) {
  auto decoded = cbor::decode(encoded, cbor::kMaxAnswerNesting);
  if (!decoded || !edit_at(*decoded, path, edit)) return false;
  encoded = cbor::encode(*decoded);
  return true;
}

struct Entry {
  Bytes key;
  Bytes value;
};

/// A map's entries, each encoded; nothing where it is no map or has none.
std::vector<Entry> entries_of(const Bytes& encoded) {
  std::vector<Entry> entries;
  const auto decoded = cbor::decode(encoded, cbor::kMaxAnswerNesting);
  const auto* map = decoded ? decoded->as<cbor::Map>() : nullptr;
  if (map == nullptr) return entries;
  for (const auto& [key, value] : *map) entries.push_back({cbor::encode(key), cbor::encode(value)});
  return entries;
}

// Heads (RFC 8949, 3): the major type in the three high bits.
constexpr std::uint8_t kMap = 5U << 5U, kOneByte = 24, kTwoBytes = 25, kIndefinite = 31, kBreak = 0xFF;
constexpr std::size_t kMaxInHead = 23, kMaxEntries = 200;

Bytes map_head(std::size_t entries, bool longer_than_needed) {
  const auto count = static_cast<std::uint8_t>(entries);
  if (entries <= kMaxInHead && !longer_than_needed) return {static_cast<std::uint8_t>(kMap | count)};
  if (entries <= kMaxInHead || !longer_than_needed) return {kMap | kOneByte, count};
  return {kMap | kTwoBytes, 0x00, count};
}

}  // namespace

bool truncate(Bytes& encoded, const Arguments& arguments) {
  if (encoded.empty()) return false;
  const auto missing = static_cast<std::size_t>(arguments.number("bytes"));
  const auto kept = encoded.size() - std::min(missing, encoded.size());
  encoded.erase(encoded.begin() + static_cast<std::ptrdiff_t>(kept), encoded.end());
  return true;
}

bool not_canonical(Bytes& encoded, const Arguments& arguments) {
  auto entries = entries_of(encoded);
  if (entries.empty() || entries.size() > kMaxEntries) return false;
  const auto& how = arguments.text("encoding");
  if (how == "mapOrder") {
    if (entries.size() < 2) return false;
    std::ranges::reverse(entries);
  } else if (how == "integer") {
    auto& key = entries.front().key;
    if (key.size() != 1) return false;
    // A number below 24 lies in its head; here a byte behind it holds it.
    const std::uint8_t head = key[0];
    key = {static_cast<std::uint8_t>((head & 0xE0U) | kOneByte), static_cast<std::uint8_t>(head & 0x1FU)};
  } else if (how == "duplicateKey") {
    entries.push_back(entries.front());
  }
  Bytes changed =
      how == "indefiniteLength" ? Bytes{kMap | kIndefinite} : map_head(entries.size(), how == "length");
  for (const auto& entry : entries) {
    append(changed, entry.key);
    append(changed, entry.value);
  }
  if (how == "indefiniteLength") changed.push_back(kBreak);
  if (how == "trailingByte") changed.push_back(0x00);
  encoded = std::move(changed);
  return true;
}

bool wrong_type(Bytes& encoded, const Arguments& arguments) {
  return edit_member(encoded, arguments.path("member"), [](cbor::Map&, cbor::Map::iterator entry) {
    const bool is_text = entry->second.as<std::string>() != nullptr;
    entry->second = is_text ? cbor::Value{0} : cbor::Value{"wrong type"};
    return true;
  });
}

bool missing_member(Bytes& encoded, const Arguments& arguments) {
  return edit_member(encoded, arguments.path("member"), [](cbor::Map& map, cbor::Map::iterator entry) {
    map.erase(entry);
    return true;
  });
}

bool extra_member(Bytes& encoded, const Arguments& arguments) {
  auto decoded = cbor::decode(encoded, cbor::kMaxAnswerNesting);
  const auto* map = decoded ? decoded->as<cbor::Map>() : nullptr;
  const auto key = arguments.number("key");
  if (map == nullptr || cbor::find(*map, key) != nullptr) return false;
  cbor::Map changed = *map;
  changed.emplace_back(key, true);
  encoded = cbor::encode(changed);
  return true;
}

}  // namespace fauxkey::control::faults
