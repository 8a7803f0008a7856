#include "control/json.h"

#include <algorithm>
#include <cmath>

namespace fauxkey::control {

std::string to_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string base64url(ByteView bytes) {
  return std::string{std::string_view{exchange::encode_base64(bytes, exchange::Base64::url)}};
}

std::optional<Bytes> from_base64(std::string_view text) {
  const auto bytes = exchange::decode_base64(text, exchange::Base64::url_or_padded);
  return bytes ? std::optional<Bytes>{std::in_place, bytes->begin(), bytes->end()} : std::nullopt;
}

JsonIn parse_body(std::string_view body) {
  constexpr int kMaxDepth = 32;
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return JsonIn::object();
  const auto limit = [](int depth, JsonIn::parse_event_t /*event*/, JsonIn& /*value*/) {
    if (depth > kMaxDepth) throw BadRequest{"The request's JSON nests more than 32 levels deep."};
    return true;
  };
  try {
    return JsonIn::parse(body, limit);
  } catch (const JsonIn::parse_error& error) {
    throw BadRequest{"The request's body is no JSON from byte " + std::to_string(error.byte) + " on."};
  } catch (const JsonIn::exception&) {
    throw BadRequest{"The request's body is no JSON: it has a number that is too large."};
  }
}

Json plain(const JsonIn& json) {
  const auto text = json.dump(-1, ' ', false, JsonIn::error_handler_t::replace);
  return Json::parse(std::string_view{text});
}

JsonReader::JsonReader(const JsonIn& object, std::string what) : object_{object}, what_{std::move(what)} {
  if (!object.is_object()) throw BadRequest{what_ + " is no JSON object."};
}

std::string JsonReader::named(std::string_view name) const {
  return what_ + "'s member \"" + std::string{name} + "\"";
}

const JsonIn* JsonReader::find(std::string_view name) {
  if (std::ranges::find(known_, name) == known_.end()) known_.emplace_back(name);
  const auto found = object_.find(name);
  return found == object_.end() ? nullptr : &*found;
}

const JsonIn& JsonReader::at(std::string_view name) {
  const auto* found = find(name);
  if (found == nullptr) throw BadRequest{named(name) + " is missing."};
  return *found;
}

const JsonIn* JsonReader::typed(std::string_view name, bool (JsonIn::*is)() const noexcept,
                                const char* what) {
  const auto* found = find(name);
  if (found != nullptr && !(found->*is)()) throw BadRequest{named(name) + " is " + what + "."};
  return found;
}

std::optional<WipingString> JsonReader::secret(std::string_view name) {
  const auto* found = typed(name, &JsonIn::is_string, "no text");
  return found != nullptr ? std::optional{found->get_ref<const WipingString&>()} : std::nullopt;
}

std::optional<std::string> JsonReader::text(std::string_view name) {
  const auto* found = typed(name, &JsonIn::is_string, "no text");
  return found != nullptr ? std::optional<std::string>{found->get_ref<const WipingString&>()} : std::nullopt;
}

std::optional<bool> JsonReader::boolean(std::string_view name) {
  const auto* found = typed(name, &JsonIn::is_boolean, "neither true nor false");
  return found != nullptr ? std::optional{found->get<bool>()} : std::nullopt;
}

std::optional<std::int64_t> JsonReader::integer(std::string_view name, std::int64_t least,
                                                std::int64_t greatest) {
  const auto* found = find(name);
  if (found == nullptr) return std::nullopt;
  const bool fits = found->is_number_unsigned()
                        ? found->get<std::uint64_t>() <= static_cast<std::uint64_t>(greatest) &&
                              (least <= 0 || found->get<std::uint64_t>() >= static_cast<std::uint64_t>(least))
                        : found->is_number_integer() && found->get<std::int64_t>() >= least &&
                              found->get<std::int64_t>() <= greatest;
  if (!fits) {
    throw BadRequest{named(name) + " is no whole number from " + std::to_string(least) + " to " +
                     std::to_string(greatest) + "."};
  }
  return found->get<std::int64_t>();
}

std::optional<double> JsonReader::number(std::string_view name, double above, double greatest) {
  const auto* found = typed(name, &JsonIn::is_number, "no number");
  if (found == nullptr) return std::nullopt;
  const auto number = found->get<double>();
  if (number <= above || number > greatest || std::isnan(number)) {
    throw BadRequest{named(name) + " is not above " + Json(above).dump() + " and at most " +
                     Json(greatest).dump() + "."};
  }
  return number;
}

std::optional<std::vector<std::string>> JsonReader::texts(std::string_view name) {
  const auto* found = find(name);
  if (found == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  bool fits = found->is_array();
  for (std::size_t i = 0; fits && i < found->size(); ++i) {
    fits = (*found)[i].is_string();
    if (fits) texts.emplace_back((*found)[i].get_ref<const WipingString&>());
  }
  if (!fits) throw BadRequest{named(name) + " is no list of texts."};
  return texts;
}

std::optional<Bytes> JsonReader::bytes(std::string_view name) {
  const auto encoded = text(name);
  if (!encoded) return std::nullopt;
  auto decoded = from_base64(*encoded);
  if (!decoded) throw BadRequest{named(name) + " is no base64url."};
  return decoded;
}

void JsonReader::done() const {
  for (const auto& [name, value] : object_.items()) {
    if (std::ranges::find(known_, std::string_view{name}) != known_.end()) continue;
    throw BadRequest{what_ + " has a member \"" + std::string{std::string_view{name}.substr(0, 100)} +
                     "\" that is not known here; there are: " + listed(known_) + "."};
  }
}

}  // namespace fauxkey::control
