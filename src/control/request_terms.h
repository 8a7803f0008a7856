// What stands in a request's path and query.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/http.h"
#include "fauxkey/bytes.h"

namespace fauxkey::control {

/// Throws BadRequest where it is no whole number from 0 to `greatest`; nothing where it is absent.
[[nodiscard]] std::optional<std::int64_t> number_in_query(const HttpRequest& request, const char* name,
                                                          std::int64_t greatest);
/// `what`: how the sentence of a BadRequest begins: "A prompt's id".
[[nodiscard]] std::uint64_t number_in_path(const std::string& text, const char* what);
/// Throws BadRequest where it is no base64url.
[[nodiscard]] Bytes credential_id_in_path(const std::string& text);

}  // namespace fauxkey::control
