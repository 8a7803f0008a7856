// Credentials on their way between this keystore and other programs' files: what a format is, and the table
// of them. Each format has a file of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/wiping.h"
#include "fauxkey/credential.h"
#include "fauxkey/random.h"
#include "keystore/exchange/json.h"

namespace fauxkey::exchange {

enum class Format : std::uint8_t {
  fauxkey,  ///< as cxf, with an extension that holds what CXF has no place for: loses nothing
  cxf,      ///< FIDO Credential Exchange Format 1.0
  cdp,  ///< Chrome DevTools Protocol, WebAuthn.Credential, as WebAuthn.getCredentials answers; WebDriver's
  playwright,  ///< storageState with credentials
  keepassxc,   ///< .passkey, one credential a file
  bitwarden,   ///< unencrypted JSON export
  pkcs8,       ///< PEM private keys, with lines before each that say whose it is
};

/// A credential, and what the store keeps beside it.
struct Moving {
  Credential credential;
  /// The highest signature counter that its site may have seen.
  std::uint32_t sign_count = 0;
};

/// What a reader fills in where a file does not say it.
struct ReadTerms {
  Random& random;
  std::int64_t now = 0;  ///< seconds since 1970
  /// Whether its site was told that the credential may be backed up (BE, and BS with it), for formats without
  /// these flags; nothing: as the format's own program tells sites.
  std::optional<bool> backup_eligible{};
  // For private keys without their lines (pkcs8).
  std::optional<std::string> rp_id{};
  std::optional<Bytes> credential_id{};
  std::optional<Bytes> user_handle{};
  std::optional<std::string> user_name{};
  std::optional<std::string> user_display_name{};
};

struct WriteTerms {
  Random& random;
  std::int64_t now = 0;
};

/// Takes the credentials of a file one after the other; `place` names it in messages: "items[3]".
using Sink = std::function<void(Moving&& moving, const std::string& place)>;

/// What a credential may have, and a format a place for.
enum class Feature : std::uint8_t {
  counter = 1U << 0U,
  backup_flags = 1U << 1U,
  hmac_secret = 1U << 2U,
  cred_blob = 1U << 3U,
  large_blob = 1U << 4U,
  payment = 1U << 5U,
  names = 1U << 6U,  ///< the display name, and the relying party's name
  rest = 1U << 7U,   ///< credProtect, largeBlobKey, not being discoverable
};
using Features = std::uint8_t;

struct FormatRow {
  Format format;
  const char* name;    ///< as --format takes it
  const char* title;   ///< as sentences have it: "KeePassXC's .passkey"
  const char* suffix;  ///< of its files' names
  bool one_each;       ///< a file holds one credential
  Features carries;
  /// Empty: all.
  std::span<const Algorithm> algorithms;
  /// One credential: an element of the document, or text as a JSON string.
  JsonOut (*write_one)(const Moving&, const WriteTerms&);
  /// The file of all of these.
  WipingBytes (*finish)(JsonOut&& elements, const WriteTerms&);
  /// Whether a JSON document is of this format; nullptr for a format that is no JSON.
  bool (*recognize)(const Place& document);
  /// Throws FormatError.
  void (*read)(const Place& document, const ReadTerms&, const Sink&);
};

[[nodiscard]] std::span<const FormatRow> formats();
[[nodiscard]] const FormatRow& row_of(Format format);
[[nodiscard]] const FormatRow* find_format(std::string_view name);

/// Nothing where the row's format cannot carry it; the sentence says why.
[[nodiscard]] std::optional<std::string> why_not(const FormatRow& row, const Moving& moving);
/// What of it gets lost.
[[nodiscard]] Features lost(const FormatRow& row, const Moving& moving);
/// "the signature counter, credProtect"
[[nodiscard]] std::string describe(Features features);

/// A file's content, which is not encrypted. The format is recognized where none is named. Throws
/// FormatError, whose text is the end of a sentence that begins with the file's name.
class Document {
 public:
  Document(ByteView content, std::optional<Format> format);
  [[nodiscard]] const FormatRow& row() const { return *row_; }
  /// May be called more than once.
  void read(const ReadTerms& terms, const Sink& sink) const;

 private:
  JsonIn json_;  ///< a string where the format is no JSON
  const FormatRow* row_ = nullptr;
};

}  // namespace fauxkey::exchange
