// A credential's fields as the formats' readers fill them in: each is looked at, for the file may be hostile.
#pragma once

#include <expected>

#include "keystore/exchange/exchange.h"

namespace fauxkey::exchange {

/// A credential of `rp_id` with this id, fresh CredRandom values and the rest as its type has it. The places
/// are where an error is.
[[nodiscard]] Moving new_moving(const ReadTerms& terms, const Place& id, ByteView id_bytes,
                                const Place& rp_id);

/// Where the format has a user handle, null and the empty one are the same.
void set_user_handle(Moving& moving, const std::optional<Place>& handle);
void set_name(std::optional<std::string>& name, const std::optional<Place>& text);
/// PKCS #8.
void set_private_key(Moving& moving, const Place& place, ByteView der);
void set_private_key(Moving& moving, const Place& base64);
/// A count of 0 to 2^32-1 at `place`.
[[nodiscard]] std::uint32_t sign_count_at(const Place& place);
/// For a format that does not say it: `otherwise`, unless the terms say it.
void set_backup(Moving& moving, const ReadTerms& terms, bool otherwise);
/// A discoverable one needs a user handle.
void set_discoverable(Moving& moving, bool discoverable, const Place& place);

/// "https://example.com"
[[nodiscard]] WipingString url_of(const Credential& credential);
/// The account's name for people: its name, its display name, or nothing.
[[nodiscard]] std::string account_of(const Credential& credential);
[[nodiscard]] WipingString pkcs8_base64(const Credential& credential, Base64 kind);

// PEM (RFC 7468), label PRIVATE KEY.
[[nodiscard]] WipingString to_pem(ByteView der);
/// Where a line begins so, or npos.
[[nodiscard]] std::size_t find_line(std::string_view text, std::string_view beginning);
/// The first block's bytes. The error is as Place::error's `what`.
[[nodiscard]] std::expected<WipingBytes, std::string> from_pem(std::string_view text);

/// "2026-03-01T12:00:00.000Z" of seconds since 1970, and back; nothing where it is no such text.
[[nodiscard]] std::string date_text(std::int64_t unix_time);
[[nodiscard]] std::optional<std::int64_t> parse_date(std::string_view text);

}  // namespace fauxkey::exchange
