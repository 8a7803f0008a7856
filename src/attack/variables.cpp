#include "attack/variables.h"

#include <charconv>
#include <optional>

namespace fauxkey::attack {
namespace {

constexpr std::string_view kBegin = "${";

/// Calls `piece(text)` for what stands as it is and `name(text)` for each variable, in their order.
template <class Piece, class Name>
void walk(std::string_view text, Piece piece, Name name) {
  while (true) {
    const auto begin = text.find(kBegin);
    const auto end = begin == std::string_view::npos ? begin : text.find('}', begin);
    if (end == std::string_view::npos) break;
    piece(text.substr(0, begin));
    name(text.substr(begin + kBegin.size(), end - begin - kBegin.size()));
    text.remove_prefix(end + 1);
  }
  piece(text);
}

/// The variable that the whole text is.
std::optional<std::string> sole_variable(std::string_view text) {
  if (!text.starts_with(kBegin) || text.find('}') != text.size() - 1) return std::nullopt;
  return std::string{text.substr(kBegin.size(), text.size() - kBegin.size() - 1)};
}

void collect(const Json& json, std::vector<std::string>& names) {
  if (json.is_string()) {
    walk(
        json.get_ref<const std::string&>(), [](std::string_view /*piece*/) {},
        [&](std::string_view name) { names.emplace_back(name); });
  } else if (json.is_structured()) {
    for (const auto& element : json) collect(element, names);
  }
}

std::optional<std::size_t> place_of(std::string_view step) {
  std::size_t place = 0;
  const auto read = std::from_chars(step.data(), step.data() + step.size(), place);
  if (read.ec != std::errc{} || read.ptr != step.data() + step.size()) return std::nullopt;
  return place;
}

/// The first step of a path, and what is behind it.
std::pair<std::string, std::string_view> split(std::string_view path) {
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return {std::string{path}, {}};
  return {std::string{path.substr(0, dot)}, path.substr(dot + 1)};
}

const Json* step_into(const Json& json, const std::string& step) {
  if (json.is_object()) {
    const auto found = json.find(step);
    return found == json.end() ? nullptr : &*found;
  }
  const auto place = json.is_array() ? place_of(step) : std::nullopt;
  return place && *place < json.size() ? &json[*place] : nullptr;
}

}  // namespace

const Json* Variables::find(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

Json Variables::fill(const Json& json) const {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    if (const auto name = sole_variable(text)) {
      const auto* const value = find(*name);
      return value != nullptr ? *value : Json(nullptr);
    }
    return fill_text(text);
  }
  if (json.is_array()) {
    Json filled = Json::array();
    for (const auto& element : json) filled.push_back(fill(element));
    return filled;
  }
  if (!json.is_object()) return json;
  Json filled = Json::object();
  for (const auto& item : json.items()) {
    const auto name =
        item.value().is_string() ? sole_variable(item.value().get_ref<const std::string&>()) : std::nullopt;
    if (name && find(*name) == nullptr) continue;
    filled[item.key()] = fill(item.value());
  }
  return filled;
}

std::string Variables::fill_text(std::string_view text) const {
  std::string filled;
  walk(
      text, [&](std::string_view piece) { filled += piece; },
      [&](std::string_view name) {
        const auto* const value = find(std::string{name});
        if (value != nullptr && !value->is_null())
          filled += value->is_string() ? value->get_ref<const std::string&>() : control::to_text(*value);
      });
  return filled;
}

std::vector<std::string> variables_in(const Json& json) {
  std::vector<std::string> names;
  collect(json, names);
  return names;
}

const Json* at_path(const Json& json, std::string_view path) {
  const Json* at = &json;
  while (at != nullptr && !path.empty()) {
    const auto [step, rest] = split(path);
    at = step_into(*at, step);
    path = rest;
  }
  return at;
}

bool set_at_path(Json& json, std::string_view path, Json value) {
  if (path.empty()) {
    json = std::move(value);
    return true;
  }
  const auto [step, rest] = split(path);
  if (json.is_null()) json = Json::object();
  if (json.is_object()) return set_at_path(json[step], rest, std::move(value));
  const auto place = json.is_array() ? place_of(step) : std::nullopt;
  if (!place || *place >= json.size()) return false;
  return set_at_path(json[*place], rest, std::move(value));
}

bool erase_at_path(Json& json, std::string_view path) {
  const auto dot = path.rfind('.');
  const auto last = dot == std::string_view::npos ? path : path.substr(dot + 1);
  const auto* const found = at_path(json, dot == std::string_view::npos ? "" : path.substr(0, dot));
  if (found == nullptr || !found->is_object()) return false;
  return const_cast<Json*>(found)->erase(std::string{last}) > 0;  // NOLINT: part of `json`
}

}  // namespace fauxkey::attack
