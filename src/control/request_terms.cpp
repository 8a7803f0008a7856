#include "control/request_terms.h"

#include <charconv>

namespace fauxkey::control {

std::optional<std::int64_t> number_in_query(const HttpRequest& request, const char* name,
                                            std::int64_t greatest) {
  const auto found = request.query.find(name);
  if (found == request.query.end()) return std::nullopt;
  std::int64_t number = -1;
  const char* const end = found->second.data() + found->second.size();
  const auto [rest, error] = std::from_chars(found->second.data(), end, number);
  if (error != std::errc{} || rest != end || number < 0 || number > greatest)
    throw BadRequest{"The query's " + std::string{name} + " is no number from 0 to " +
                     std::to_string(greatest) + "."};
  return number;
}

std::uint64_t number_in_path(const std::string& text, const char* what) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  if (const auto [rest, error] = std::from_chars(text.data(), end, number);
      error != std::errc{} || rest != end)
    throw BadRequest{std::string{what} + " in a path is a number."};
  return number;
}

Bytes credential_id_in_path(const std::string& text) {
  auto id = from_base64(text);
  if (!id) throw BadRequest{"A credential's id in a path is base64url."};
  return *std::move(id);
}

}  // namespace fauxkey::control
