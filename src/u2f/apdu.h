// ISO 7816-4 command APDUs as U2F frames them (FIDO U2F Raw Message Formats 1.2, section 3).
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "fauxkey/bytes.h"

namespace fauxkey::u2f {

/// Status words (section 3.3; ISO 7816-4).
enum class StatusWord : std::uint16_t {
  no_error = 0x9000,
  wrong_length = 0x6700,
  conditions_not_satisfied = 0x6985,  ///< the user has to touch the key
  command_not_allowed = 0x6986,       ///< alwaysUv is on, and U2F cannot verify the user
  wrong_data = 0x6A80,                ///< the key handle is not of this key or application
  wrong_parameters = 0x6A86,
  class_not_supported = 0x6E00,
  instruction_not_supported = 0x6D00,
  unknown_error = 0x6F00,
};

/// What a request is answered with instead of its result, and why (see fauxkey::Refusal).
struct Refused {
  StatusWord status;
  std::string why;
  friend bool operator==(const Refused& refused, StatusWord other) { return refused.status == other; }
};

struct Apdu {
  std::uint8_t cla = 0;
  std::uint8_t ins = 0;
  std::uint8_t p1 = 0;
  std::uint8_t p2 = 0;
  ByteView data;  ///< into the parsed bytes
};

/// Short and extended length encodings; WRONG_LENGTH where the lengths do not add up.
[[nodiscard]] std::expected<Apdu, Refused> parse_apdu(ByteView bytes);

}  // namespace fauxkey::u2f
