// The specification's names for what goes over the wire, as tables: commands, members, values.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fauxkey::control {

struct ValueName {
  std::uint64_t value;
  std::string_view name;
};

/// How a CBOR item is shown.
struct Shape;

struct Member {
  static constexpr std::int64_t kTextKey = INT64_MIN;  ///< the key on the wire is the name itself
  std::int64_t key;
  std::string_view name;
  const Shape* shape = nullptr;  ///< none: as it is
};

struct Shape {
  enum class Kind : std::uint8_t {
    map,                 ///< `members` name its keys
    named_value,         ///< `values` name the integer
    bits,                ///< `values` name the integer's bits
    authenticator_data,  ///< WebAuthn 6.1, in a byte string
  };
  Kind kind = Kind::map;
  std::span<const Member> members;
  std::span<const ValueName> values;
};

/// A CTAP2 command (CTAP 2.3, 6) with its parameters and its answer.
struct CommandNames {
  std::uint8_t command;
  std::string_view name;
  const Shape* request;
  const Shape* response;
};
/// Nullptr for what the specification does not know.
[[nodiscard]] const CommandNames* ctap_command(std::uint8_t command);

/// "CTAPHID_INIT"; empty for what the specification does not know (CTAP 2.3, 11.2.9). Without the 0x80 bit.
[[nodiscard]] std::string_view ctaphid_command(std::uint8_t command);
/// "ERR_INVALID_CMD" of CTAPHID_ERROR (11.2.9.1.6); empty if unknown.
[[nodiscard]] std::string_view ctaphid_error(std::uint8_t code);
/// "STATUS_PROCESSING" of CTAPHID_KEEPALIVE (11.2.9.2.4); empty if unknown.
[[nodiscard]] std::string_view keepalive_status(std::uint8_t status);

/// "U2F_REGISTER" (FIDO U2F raw message formats, 3); empty if unknown.
[[nodiscard]] std::string_view u2f_instruction(std::uint8_t instruction);
/// "SW_NO_ERROR" (3.3); empty if unknown.
[[nodiscard]] std::string_view u2f_status_word(std::uint16_t word);

/// The flags of authenticator data (WebAuthn 6.1), lowest bit first.
[[nodiscard]] std::span<const ValueName> authenticator_data_flags();
/// A COSE_Key (RFC 9052, 7 and RFC 9053, 7).
[[nodiscard]] const Shape& cose_key();

/// The name of `value`, or empty.
[[nodiscard]] std::string_view name_in(std::span<const ValueName> names, std::uint64_t value);

}  // namespace fauxkey::control
