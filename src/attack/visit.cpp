#include "attack/visit.h"

#include <algorithm>

#include "attack/error.h"

namespace fauxkey::attack {
namespace {

constexpr std::size_t kMostError = 300;
constexpr std::size_t kMostCookies = 64;

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return low(x) == low(y);
  });
}

std::string one_line(std::string text) {
  for (auto& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (text.size() > kMostError) {
    text.resize(kMostError);
    // Not in the middle of a character.
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0U) text.pop_back();
    text += "…";
  }
  return text;
}

}  // namespace

std::string brief_error(const Said& said, const std::string& at) {
  const auto* const found = at_path(said.body, at);
  if (found != nullptr && found->is_string()) return one_line(found->get<std::string>());
  if (found != nullptr && !found->is_null() && !at.empty()) return one_line(control::to_text(*found));
  const auto text = said.text.substr(0, said.text.find('<'));
  return one_line("status " + std::to_string(said.status) + (text.empty() ? "" : ": " + text));
}

Visit::Visit(const Site& site, const std::string& base, const Http& http)
    : site_{site}, base_{base}, http_{http} {}

void Visit::begin() {
  if (std::exchange(begun_, true) || site_.start.empty()) return;
  const auto said = ask({.method = "GET", .path = site_.start, .body = {}, .headers = {}, .keep = {}});
  if (!said.is_good())
    throw SiteUnusable{"The site answers its first page, " + site_.start + ", with status " +
                       std::to_string(said.status) + ": see that \"start\" of the site file is right."};
}

Said Visit::ask(const SiteCall& call) {
  begin();
  for (const auto& [variable, cookie] : site_.keep_cookies) {
    if (const auto found = cookies_.find(cookie); found != cookies_.end())
      variables_.set(variable, found->second);
  }
  HttpQuestion question{
      .method = call.method, .url = base_ + variables_.fill_text(call.path), .headers = {}, .body = {}};
  question.headers.emplace_back("Accept", "application/json");
  if (const auto* const origin = variables_.find("origin"); origin != nullptr && call.method != "GET")
    question.headers.emplace_back("Origin", origin->get<std::string>());
  if (call.body) {
    question.headers.emplace_back("Content-Type", "application/json");
    question.body = control::to_text(variables_.fill(*call.body));
  }
  for (const auto& [name, value] : call.headers)
    question.headers.emplace_back(name, variables_.fill_text(value));
  std::string cookies;
  for (const auto& [name, value] : cookies_)
    cookies.append(cookies.empty() ? "" : "; ").append(name).append("=").append(value);
  if (!cookies.empty()) question.headers.emplace_back("Cookie", cookies);

  auto reply = http_(question);
  for (const auto& [name, value] : reply.headers) {
    if (!same_name(name, "set-cookie")) continue;
    const auto pair = value.substr(0, value.find(';'));
    const auto equals = pair.find('=');
    if (equals != std::string::npos &&
        (cookies_.size() < kMostCookies || cookies_.contains(pair.substr(0, equals))))
      cookies_[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  Said said{.status = reply.status, .body = {}, .text = std::move(reply.body)};
  auto json = Json::parse(said.text, nullptr, false);
  if (!json.is_discarded()) said.body = std::move(json);
  if (said.is_good()) {
    for (const auto& [variable, at] : call.keep) {
      if (const auto* const value = at_path(said.body, at)) variables_.set(variable, *value);
    }
  }
  return said;
}

Visit::Options Visit::options(Ceremony ceremony) {
  const auto& shape = site_.of(ceremony);
  const auto said = ask(shape.options);
  if (!said.is_good()) return {.options = {}, .error = brief_error(said, shape.error_at)};
  const auto* const options = at_path(said.body, shape.options_at);
  if (options == nullptr || !options->is_object()) {
    return {.options = {},
            .error = "the answer has no options" +
                     (shape.options_at.empty() ? std::string{} : " at \"" + shape.options_at + "\"")};
  }
  return {.options = *options, .error = {}};
}

Judgement Visit::verify(Ceremony ceremony, const Json& response) {
  const auto& shape = site_.of(ceremony);
  variables_.set("response", response);
  const auto said = ask(shape.verify);
  variables_.unset("response");
  Judgement judgement{.accepted = said.is_good(), .status = said.status, .error = {}};
  if (judgement.accepted && !shape.success_at.empty()) {
    const auto* const found = at_path(said.body, shape.success_at);
    judgement.accepted = found != nullptr && *found == shape.success;
  }
  if (!judgement.accepted) judgement.error = brief_error(said, shape.error_at);
  return judgement;
}

}  // namespace fauxkey::attack
