#include "control/trace_secrets.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "cbor/cbor.h"

namespace fauxkey::control {
namespace {

using ctaphid::Direction;

/// Members whose key is their name, wherever they stand: in extensions' inputs and outputs, and those within
/// authenticator data.
constexpr std::array<std::string_view, 3> kTextMembers{"credBlob", "blob", "write"};

struct NumberedMember {
  std::uint8_t command;
  Direction direction;
  int member;
  const char* name;
};
constexpr std::array kNumberedMembers{
    NumberedMember{0x01, Direction::out, 0x05, "largeBlobKey"},
    NumberedMember{0x02, Direction::out, 0x07, "largeBlobKey"},
    NumberedMember{0x08, Direction::out, 0x07, "largeBlobKey"},
    NumberedMember{0x0A, Direction::out, 0x0B, "largeBlobKey"},
    NumberedMember{0x41, Direction::out, 0x0B, "largeBlobKey"},
    NumberedMember{0x0C, Direction::in, 0x02, "set"},
    NumberedMember{0x0C, Direction::out, 0x01, "config"},
};

struct Range {
  std::size_t begin;
  std::size_t size;
};

/// The contents of the byte string that begins at `at`, as far as they are there.
std::optional<Range> byte_string_at(ByteView message, std::size_t at) {
  if (at >= message.size() || message[at] >> 5 != 2) return {};
  const unsigned info = message[at] & 0x1FU;
  if (info > 25) return {};
  const std::size_t length_size = info < 24 ? 0 : info - 23U;  // 24: one byte, 25: two
  if (at + 1 + length_size > message.size()) return {};
  std::size_t size = info < 24 ? info : 0;
  for (std::size_t i = 0; i < length_size; ++i) size = size << 8U | message[at + 1 + i];
  const std::size_t begin = at + 1 + length_size;
  return Range{begin, std::min(size, message.size() - begin)};
}

/// After each place where `key` stands: the byte string that follows.
void overwrite_behind(Bytes& message, ByteView key, std::string_view name, std::vector<std::string>& found) {
  auto from = message.begin();
  while (true) {
    const auto at = std::search(from, message.end(), key.begin(), key.end());
    if (at == message.end()) return;
    from = at + static_cast<std::ptrdiff_t>(key.size());
    const auto range = byte_string_at(message, static_cast<std::size_t>(from - message.begin()));
    if (!range || range->size == 0) continue;
    std::fill_n(message.begin() + static_cast<std::ptrdiff_t>(range->begin), range->size, std::uint8_t{0});
    if (std::ranges::find(found, name) == found.end()) found.emplace_back(name);
  }
}

}  // namespace

std::vector<std::string> redact(Bytes& message, Direction direction, std::uint8_t command) {
  std::vector<std::string> found;
  if (message.size() < 2) return found;
  for (const auto name : kTextMembers)
    overwrite_behind(message, cbor::encode(std::string{name}), name, found);
  for (const auto& row : kNumberedMembers) {
    if (row.command != command || row.direction != direction) continue;
    const auto decoded = cbor::decode(ByteView{message}.subspan(1), cbor::kMaxAnswerNesting);
    const auto* map = decoded ? decoded->as<cbor::Map>() : nullptr;
    const auto* value = map != nullptr ? cbor::find(*map, row.member) : nullptr;
    if (value == nullptr || value->as<Bytes>() == nullptr || value->as<Bytes>()->empty()) continue;
    // Key and value together stand in one place only, or are the same secret once more.
    Bytes item = cbor::encode(row.member);
    append(item, cbor::encode(*value));
    const auto at = std::search(message.begin(), message.end(), item.begin(), item.end());
    const std::size_t size = value->as<Bytes>()->size();
    std::fill_n(at + static_cast<std::ptrdiff_t>(item.size() - size), size, std::uint8_t{0});
    found.emplace_back(row.name);
  }
  return found;
}

}  // namespace fauxkey::control
