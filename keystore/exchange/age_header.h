// An age file's header, and the ASCII armor around a whole file.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "fauxkey/bytes.h"

namespace fauxkey::exchange::age {

inline constexpr std::string_view kVersionLine = "age-encryption.org/v1\n";
inline constexpr std::string_view kArmorBegin = "-----BEGIN AGE ENCRYPTED FILE-----";

inline constexpr std::size_t kSaltSize = 16;
/// The file key of 16 bytes and its tag.
inline constexpr std::size_t kWrappedKeySize = 32;
inline constexpr std::size_t kMacSize = 32;

struct ScryptHeader {
  std::array<std::uint8_t, kSaltSize> salt{};
  int work_factor = 0;  ///< 1 to 63
  std::array<std::uint8_t, kWrappedKeySize> wrapped_key{};
  std::array<std::uint8_t, kMacSize> mac{};
};

/// The header up to and with "---", which is what the MAC is of.
[[nodiscard]] std::string encode_without_mac(const ScryptHeader& header);

struct ParsedHeader {
  ScryptHeader header;
  std::string_view without_mac;  ///< within the file
  std::size_t size = 0;
};
/// The error is the end of a sentence that begins with the file's name.
[[nodiscard]] std::expected<ParsedHeader, std::string> parse_header(ByteView file);

/// RFC 7468, figure 3, the strict form, with white space allowed around it. Nothing where it is not such.
[[nodiscard]] std::optional<Bytes> unarmor(std::string_view text);

}  // namespace fauxkey::exchange::age
