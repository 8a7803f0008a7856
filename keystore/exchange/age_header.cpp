#include "keystore/exchange/age_header.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "keystore/exchange/base64.h"

namespace fauxkey::exchange::age {
namespace {

constexpr std::string_view kArmorEnd = "-----END AGE ENCRYPTED FILE-----";
constexpr std::size_t kColumns = 64;
constexpr std::size_t kMaxArguments = 16;
/// A scrypt header has 150 bytes or so; one with many recipients is none that a passphrase opens.
constexpr std::size_t kMaxHeader = 4096;

/// The next line without its end; nothing where none ends.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> words;
  while (words.size() < kMaxArguments) {
    const auto end = line.find(' ');
    words.push_back(line.substr(0, end));
    if (end == std::string_view::npos) break;
    line.remove_prefix(end + 1);
  }
  return words;
}

template <std::size_t N>
bool decode_to(std::string_view text, std::array<std::uint8_t, N>& to) {
  const auto bytes = decode_base64(text, Base64::unpadded);
  if (!bytes || bytes->size() != N) return false;
  std::ranges::copy(*bytes, to.begin());
  return true;
}

std::optional<int> parse_work_factor(std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool plain = !digits.empty() && digits[0] >= '1' && digits[0] <= '9';
  if (!plain || error != std::errc{} || end != digits.data() + digits.size() || value > 63)
    return std::nullopt;
  return value;
}

}  // namespace

std::string encode_without_mac(const ScryptHeader& header) {
  std::string text{kVersionLine};
  text += "-> scrypt ";
  text += encode_base64(header.salt, Base64::unpadded);
  text += " " + std::to_string(header.work_factor) + "\n";
  text += encode_base64(header.wrapped_key, Base64::unpadded);
  text += "\n---";
  return text;
}

std::expected<ParsedHeader, std::string> parse_header(ByteView file) {
  const auto damaged = [] { return std::unexpected{std::string{"is a damaged age file"}}; };
  const std::string_view text = text_of(file.first(std::min(file.size(), kMaxHeader)));
  std::string_view rest = text;
  if (!rest.starts_with(kVersionLine)) {
    return std::unexpected{std::string{"is an age file of a version that this program does not know"}};
  }
  rest.remove_prefix(kVersionLine.size());

  const auto stanza = take_line(rest);
  if (!stanza || !stanza->starts_with("-> ")) return damaged();
  const auto arguments = split(stanza->substr(3));
  if (arguments[0] != "scrypt") {
    return std::unexpected{std::string{
        "is encrypted to a key, not with a passphrase: decrypt it with age first, and import what it gives"}};
  }
  ParsedHeader parsed;
  const auto work_factor = arguments.size() == 3 ? parse_work_factor(arguments[2]) : std::nullopt;
  if (!work_factor || !decode_to(arguments[1], parsed.header.salt)) return damaged();
  parsed.header.work_factor = *work_factor;
  // 32 bytes are one line shorter than 64 columns, which ends the stanza. Nothing stands beside a scrypt
  // stanza: what follows is the MAC.
  const auto body = take_line(rest);
  if (!body || !decode_to(*body, parsed.header.wrapped_key)) return damaged();
  const auto without_mac = static_cast<std::size_t>(rest.data() - text.data()) + 3;
  const auto last = take_line(rest);
  if (!last || !last->starts_with("--- ") || !decode_to(last->substr(4), parsed.header.mac)) return damaged();
  parsed.without_mac = text.substr(0, without_mac);
  parsed.size = static_cast<std::size_t>(rest.data() - text.data());
  return parsed;
}

std::optional<Bytes> unarmor(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);

  const auto take = [&text]() -> std::optional<std::string_view> {
    auto line = take_line(text);
    if (line && line->ends_with('\r')) line->remove_suffix(1);
    return line;
  };
  if (take() != kArmorBegin) return std::nullopt;
  std::string joined;
  joined.reserve(text.size());
  bool last = false;
  while (text != kArmorEnd) {
    const auto line = take();
    // All lines but the last are full, and none is empty.
    if (!line || last || line->empty() || line->size() > kColumns) return std::nullopt;
    last = line->size() < kColumns;
    joined += *line;
  }
  const auto bytes = decode_base64(joined, Base64::padded);
  if (!bytes) return std::nullopt;
  return Bytes{bytes->begin(), bytes->end()};
}

}  // namespace fauxkey::exchange::age
