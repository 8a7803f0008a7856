// Where the secret comes from that opens a keystore.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace fauxkey {

inline constexpr std::string_view kTerminal = "terminal";
inline constexpr std::string_view kPinentry = "pinentry";

/// As `--unlock` names it.
struct UnlockSource {
  enum class Kind : std::uint8_t {
    key_file,  ///< keyfile:FILE  32 random bytes, raw or as 64 hexadecimal digits; made with a new keystore
    environment,  ///< env:NAME      a passphrase in an environment variable
    descriptor,  ///< fd:N          a passphrase: the first line that can be read from an open file descriptor
    ask,  ///< ask           a passphrase that is typed, twice for a new keystore: at the terminal or, where
          ///< there
          ///<               is none, in a dialog of pinentry; ask:terminal and ask:pinentry say which
    credential,  ///< credential:NAME  a passphrase in the file NAME below systemd's $CREDENTIALS_DIRECTORY
  };
  Kind kind = Kind::ask;
  std::string name;     ///< FILE or NAME; of `ask`: empty, kTerminal or kPinentry
  int descriptor = -1;  ///< N

  friend bool operator==(const UnlockSource&, const UnlockSource&) = default;
};

/// The source that `text` names; the error is a sentence for a person.
[[nodiscard]] std::expected<UnlockSource, std::string> parse_unlock_source(std::string_view text);

/// As `parse_unlock_source` reads it.
[[nodiscard]] std::string to_string(const UnlockSource& source);

}  // namespace fauxkey
